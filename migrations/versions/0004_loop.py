"""The loop: snapshots, the split of images, retraining runs, their curves and schedules, settings, promotions.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("project_ids", _JSON, nullable=False),
        sa.Column("filters", _JSON, nullable=False),
        sa.Column("manifest_key", sa.String(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("authors", _JSON, nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["previous_id"], ["snapshot.id"], name=op.f("fk_snapshot_previous_id_snapshot")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_snapshot_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot")),
        sa.UniqueConstraint("number", name=op.f("uq_snapshot_number")),
    )
    op.create_index(op.f("ix_snapshot_created_at"), "snapshot", ["created_at"])

    op.create_table(
        "image_split",
        sa.Column("image_sha256", sa.String(), nullable=False),
        sa.Column("side", sa.String(32), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("image_sha256", name=op.f("pk_image_split")),
    )

    op.create_table(
        "retrain_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("snapshot_id", sa.Uuid(), nullable=False),
        sa.Column("replay_snapshot_ids", _JSON, nullable=False),
        sa.Column("replay_scenes", sa.Boolean(), nullable=False),
        sa.Column("new_masks_only", sa.Boolean(), nullable=False),
        sa.Column("new_since_id", sa.Uuid(), nullable=True),
        sa.Column("base_model_id", sa.Uuid(), nullable=False),
        sa.Column("recipe", sa.String(), nullable=False),
        sa.Column("overrides", _JSON, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("heartbeat_at", _MOMENT, nullable=True),
        sa.Column("model_id", sa.Uuid(), nullable=True),
        sa.Column("evaluation", _JSON, nullable=True),
        sa.Column("verdict", _JSON, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("schedule_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=True),
        sa.Column("finished_at", _MOMENT, nullable=True),
        sa.Column("machine_seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_retrain_run_project_id_project"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshot.id"], name=op.f("fk_retrain_run_snapshot_id_snapshot")),
        sa.ForeignKeyConstraint(["new_since_id"], ["snapshot.id"], name=op.f("fk_retrain_run_new_since_id_snapshot")),
        sa.ForeignKeyConstraint(["base_model_id"], ["model.id"], name=op.f("fk_retrain_run_base_model_id_model")),
        sa.ForeignKeyConstraint(
            ["model_id"], ["model.id"], name=op.f("fk_retrain_run_model_id_model"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_retrain_run_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrain_run")),
        sa.UniqueConstraint("number", name=op.f("uq_retrain_run_number")),
    )
    op.create_index(op.f("ix_retrain_run_project_id_created_at"), "retrain_run", ["project_id", "created_at"])
    op.create_index(op.f("ix_retrain_run_state"), "retrain_run", ["state"])

    op.create_table(
        "retrain_point",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("values", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["retrain_run.id"], name=op.f("fk_retrain_point_run_id_retrain_run"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "step", name=op.f("pk_retrain_point")),
    )

    op.create_table(
        "retrain_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("order", _JSON, nullable=False),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("every_new_masks", sa.Integer(), nullable=True),
        sa.Column("minimum_new_masks", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.Column("masks_seen", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_retrain_schedule_project_id_project"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_retrain_schedule_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retrain_schedule")),
    )
    op.create_index(op.f("ix_retrain_schedule_project_id"), "retrain_schedule", ["project_id"])
    op.create_index(op.f("ix_retrain_schedule_next_at"), "retrain_schedule", ["next_at"])

    op.create_table(
        "loop_settings",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("gate", _JSON, nullable=False),
        sa.Column("auto_promote", sa.Boolean(), nullable=False),
        sa.Column("benchmark", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_loop_settings_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_loop_settings")),
    )

    op.create_table(
        "promotion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("previous_model_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_promotion_model_id_model")),
        sa.ForeignKeyConstraint(["previous_model_id"], ["model.id"], name=op.f("fk_promotion_previous_model_id_model")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["retrain_run.id"], name=op.f("fk_promotion_run_id_retrain_run"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_promotion_by_user"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
    )
    op.create_index(op.f("ix_promotion_at"), "promotion", ["at"])


def downgrade() -> None:
    for table in (
        "promotion",
        "loop_settings",
        "retrain_schedule",
        "retrain_point",
        "retrain_run",
        "image_split",
        "snapshot",
    ):
        op.drop_table(table)
