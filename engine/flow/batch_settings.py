"""What each kind of batch can set. The API and the CLI check orders against these without loading torch."""

from pydantic import BaseModel, ConfigDict, Field

from engine.store.tables import JobKind


class KindSettings(BaseModel):
    """Unknown settings are refused, so that a misspelt one is never lost silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EmbedSettings(KindSettings):
    """Embedding an image leaves nothing to choose."""


class ExportSettings(KindSettings):
    """A record per image, as in SA-1B."""


class AutomaticSettings(KindSettings):
    """How masks are sought and chosen: `engine.automatic`'s configuration, field by field. Defaults: SA-1B's."""

    points_per_side: int = Field(default=32, ge=1, le=256, description="Points along each side of the image")
    points_per_batch: int = Field(default=16, ge=1, le=4096, description="Points decoded together; bounds memory")
    pred_iou_thresh: float = Field(default=0.88, ge=0, le=1, description="Keep masks with a predicted IoU above this")
    stability_score_thresh: float = Field(default=0.95, ge=0, le=1, description="Keep masks at least this stable")
    stability_score_offset: float = Field(default=1.0, ge=0, le=100, description="Logits that stability is tested by")
    box_nms_thresh: float = Field(default=0.7, ge=0, le=1, description="Boxes that overlap more are duplicates")
    max_cover: float = Field(default=0.95, ge=0, le=1, description="Drop masks covering this part of the image")
    min_mask_region_area: int = Field(default=100, ge=0, description="Clean away holes and islands of fewer pixels")


SETTINGS: dict[JobKind, type[KindSettings]] = {
    JobKind.EMBED: EmbedSettings,
    JobKind.AUTOMATIC: AutomaticSettings,
    JobKind.EXPORT: ExportSettings,
}
"""The kinds that a batch can be of."""

NEED_MODEL = frozenset({JobKind.EMBED, JobKind.AUTOMATIC, JobKind.PREFILL})
MAKE_MASKS = frozenset({JobKind.AUTOMATIC, JobKind.PREFILL})
