import uuid

from fastapi import APIRouter

from api.deps import ReadWork
from api.represent import base64_float16, float16_logits, prompt
from api.schemas import Decoded, DecodeRequest
from engine.flow.decode import decode

router = APIRouter(tags=["decode"])


@router.post("/images/{image_id}/decode")
def decode_prompt(image_id: uuid.UUID, body: DecodeRequest, uow: ReadWork) -> Decoded:
    """Low-resolution masks for a prompt, for browsers that cannot decode themselves.

    409 while the image has no embedding by this model.
    """
    mask_input = None if body.mask_input is None else float16_logits(body.mask_input)
    decoded = decode(uow, image_id, body.model_id, prompt(body), mask_input)
    return Decoded(
        low_res_logits=base64_float16(decoded.low_res_logits),
        predicted_iou=[float(iou) for iou in decoded.predicted_iou],
        model_id=body.model_id,
    )
