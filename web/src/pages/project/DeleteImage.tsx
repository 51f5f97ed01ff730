import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import type { Image } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { texts } from "../../texts";

interface DeleteImageProps {
  image: Image;
  onDeleted: () => void;
  onClose: () => void;
}

export function DeleteImage({ image, onDeleted, onClose }: DeleteImageProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/v1/images/{image_id}", { params: { path: { image_id: image.id } } })),
    onSuccess: async () => {
      onDeleted();
      onClose();
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
  });
  return (
    <Confirm
      opened
      title={texts.deleteImageTitle(image.file_name)}
      text={texts.deleteImageText(image.mask_count + image.waiting_count)}
      action={texts.delete}
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}
