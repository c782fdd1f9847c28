"""Customers are found by any word of their names: a row for each, kept by the table of customers itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import folding, walls

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "user_words"
FORMER = {
    "search_name": "(first_name || COALESCE(last_name, ''::text))",
    "search_last": "COALESCE(last_name, ''::text)",
    "search_username": "COALESCE(username, ''::text)",
}
KEEP_OF_ALL = """
INSERT INTO user_words (bot_id, user_id, word)
SELECT bot_id, users.id, word FROM users CROSS JOIN LATERAL (
  SELECT name_words(first_name || ' ' || coalesce(last_name, '')) AS word
  UNION SELECT name_words(coalesce(username, ''))
) AS words
"""
# Of many at once in one statement: customers may come by the thousand.
KEEP_OF_NEW = """
CREATE FUNCTION keep_words_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO user_words (bot_id, user_id, word)
  SELECT bot_id, new_people.id, word FROM new_people CROSS JOIN LATERAL (
    SELECT name_words(first_name || ' ' || coalesce(last_name, '')) AS word
    UNION SELECT name_words(coalesce(username, ''))
  ) AS words;
  RETURN NULL;
END $$
"""
KEEP_OF_CHANGED = """
CREATE FUNCTION keep_words_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM user_words WHERE bot_id = NEW.bot_id AND user_id = NEW.id;
  INSERT INTO user_words (bot_id, user_id, word)
  SELECT NEW.bot_id, NEW.id, word FROM (
    SELECT name_words(NEW.first_name || ' ' || coalesce(NEW.last_name, '')) AS word
    UNION SELECT name_words(coalesce(NEW.username, ''))
  ) AS words;
  RETURN NULL;
END $$
"""
TRIGGERS = {
    "keep_words_of_new": (
        "CREATE TRIGGER keep_words_of_new AFTER INSERT ON users REFERENCING NEW TABLE AS new_people "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_words_of_new()"
    ),
    "keep_words_of_changed": (
        "CREATE TRIGGER keep_words_of_changed AFTER UPDATE OF first_name, last_name, username ON users "
        "FOR EACH ROW WHEN (OLD.first_name IS DISTINCT FROM NEW.first_name "
        "OR OLD.last_name IS DISTINCT FROM NEW.last_name OR OLD.username IS DISTINCT FROM NEW.username) "
        "EXECUTE FUNCTION keep_words_of_changed()"
    ),
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_user_words_bot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_user_words_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("bot_id", "user_id", "word", name=op.f("pk_user_words")),
    )
    for function in (folding.FOLDED, folding.WORDS, KEEP_OF_NEW, KEEP_OF_CHANGED):
        op.execute(sa.text(function.replace(":", r"\:")))
    op.execute(KEEP_OF_ALL)
    op.create_index("ix_user_words_word", TABLE, ["bot_id", "word", "user_id"])
    for statement in (*walls.protect(TABLE), *TRIGGERS.values()):
        op.execute(statement)
    for name in FORMER:
        op.drop_index(f"ix_users_{name}", "users")
        op.drop_column("users", name)


def downgrade() -> None:
    for name, source in FORMER.items():
        op.add_column(
            "users",
            sa.Column(name, sa.Text(collation="C"), sa.Computed(folding.folded(source), persisted=True)),
        )
        op.create_index(f"ix_users_{name}", "users", ["bot_id", name])
    for trigger in TRIGGERS:
        op.execute(f"DROP TRIGGER {trigger} ON users")
        op.execute(f"DROP FUNCTION {trigger}()")
    op.drop_table(TABLE)
    op.execute("DROP FUNCTION name_words(text)")
    op.execute("DROP FUNCTION name_folded(text)")
