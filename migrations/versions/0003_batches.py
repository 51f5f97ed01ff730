"""Batches: what a job can be told, what its items remember, masks that wait for review, schedules.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    # Until now, every job was a standing one.
    op.add_column("job", sa.Column("standing", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("job", sa.Column("name", sa.String(), nullable=True))
    op.add_column("job", sa.Column("settings", _JSON, nullable=False, server_default="{}"))
    op.add_column("job", sa.Column("selection", _JSON, nullable=False, server_default="{}"))
    op.add_column("job", sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("job", sa.Column("concurrency", sa.Integer(), nullable=True))
    op.add_column("job", sa.Column("review", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("job", sa.Column("schedule_id", sa.Uuid(), nullable=True))
    op.add_column("job", sa.Column("created_by", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_job_schedule_id"), "job", ["schedule_id"])

    op.add_column("job_item", sa.Column("started_at", _MOMENT, nullable=True))
    op.add_column("job_item", sa.Column("finished_at", _MOMENT, nullable=True))
    op.add_column("job_item", sa.Column("mask_count", sa.Integer(), nullable=True))
    op.add_column("job_item", sa.Column("output_key", sa.String(), nullable=True))
    op.create_index(op.f("ix_job_item_job_id_state_finished_at"), "job_item", ["job_id", "state", "finished_at"])
    # What somebody waits for was priority 1; batches use the numbers below 100 now.
    op.execute("UPDATE job_item SET priority = 100 WHERE priority = 1")

    op.add_column("mask", sa.Column("job_id", sa.Uuid(), nullable=True))
    op.add_column("mask", sa.Column("job_settings", _JSON, nullable=True))
    op.add_column("mask", sa.Column("review", sa.String(32), nullable=True))
    op.create_index(op.f("ix_mask_job_id_image_id"), "mask", ["job_id", "image_id"])
    op.create_index(op.f("ix_mask_review_image_id"), "mask", ["review", "image_id"])

    op.add_column("project", sa.Column("review_batches", sa.Boolean(), nullable=False, server_default=sa.false()))

    op.create_table(
        "batch_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("order", _JSON, nullable=False),
        sa.Column("starts_at", _MOMENT, nullable=True),
        sa.Column("cron", sa.String(), nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("every_new_images", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=True),
        sa.Column("images_seen", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_batch_schedule_project_id_project"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_batch_schedule_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_schedule")),
    )
    op.create_index(op.f("ix_batch_schedule_project_id"), "batch_schedule", ["project_id"])
    op.create_index(op.f("ix_batch_schedule_next_at"), "batch_schedule", ["next_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_batch_schedule_next_at"), table_name="batch_schedule")
    op.drop_index(op.f("ix_batch_schedule_project_id"), table_name="batch_schedule")
    op.drop_table("batch_schedule")
    op.drop_column("project", "review_batches")
    op.drop_index(op.f("ix_mask_review_image_id"), table_name="mask")
    op.drop_index(op.f("ix_mask_job_id_image_id"), table_name="mask")
    for column in ("review", "job_settings", "job_id"):
        op.drop_column("mask", column)
    op.drop_index(op.f("ix_job_item_job_id_state_finished_at"), table_name="job_item")
    for column in ("output_key", "mask_count", "finished_at", "started_at"):
        op.drop_column("job_item", column)
    op.drop_index(op.f("ix_job_schedule_id"), table_name="job")
    for column in (
        "created_by",
        "schedule_id",
        "review",
        "concurrency",
        "priority",
        "selection",
        "settings",
        "name",
        "standing",
    ):
        op.drop_column("job", column)
