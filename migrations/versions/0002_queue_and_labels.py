"""Who annotates which image, a project's labels and order, and an index for a person's own figures.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("project", sa.Column("image_order", sa.String(32), nullable=False, server_default="imported"))
    op.create_table(
        "label",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_label_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_label")),
    )
    op.create_table(
        "assignment",
        sa.Column("image_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("leased_until", _MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_assignment_image_id_image"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_assignment_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_assignment")),
    )
    op.create_index(op.f("ix_assignment_user_id"), "assignment", ["user_id"])
    op.create_index(op.f("ix_mask_author_id_created_at"), "mask", ["author_id", "created_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_mask_author_id_created_at"), table_name="mask")
    op.drop_index(op.f("ix_assignment_user_id"), table_name="assignment")
    op.drop_table("assignment")
    op.drop_table("label")
    op.drop_column("project", "image_order")
