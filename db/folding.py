"""One form of every way to write a name, in SQL: what is kept and what is asked for are made by the same."""

from __future__ import annotations

_FOLDS = dict(zip("يىئكۀةآأإٱؤ۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "یییکههااااو01234567890123456789", strict=True))
_UNHEARD = " \u200c\u200d\u00a0\u0640\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0654\u0670@"
"""Spaces, joiners, vowel signs, the @ before a name: whoever searches may leave them out."""
_FROM = "".join(_FOLDS) + _UNHEARD
_TO = "".join(_FOLDS.values())
_BETWEEN_WORDS = (
    r"[\s!-/:-@\[-`{-~\u00a0-\u00bf\u060c\u061b\u061f\u066a-\u066c\u06d4\u2000-\u2bff\u3000-\u303f\ufe00-\ufe0f"
    r"\U0001f000-\U0001faff]+"
)
"""Spaces, joiners, punctuation and pictures, by their numbers: what a server takes for a letter depends on
how it was set up."""
LONGEST_WORD = 64
MOST_WORDS = 16
"""Of one name: what Telegram allows has more only if it is made to."""


def folded(source: str) -> str:
    """One form of every letter, lower case, without what separates and without what is not heard."""
    return f"lower(translate({source}, '{_FROM}'::text, '{_TO}'::text))"


# NFKC: many write their names in the letters that Unicode keeps for formulas.
FOLDED = f"""
CREATE FUNCTION name_folded(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left({folded(f"regexp_replace(normalize(said, NFKC), '{_BETWEEN_WORDS}', '', 'g')")}, {LONGEST_WORD})
$$
"""
WORDS = f"""
CREATE FUNCTION name_words(said text) RETURNS SETOF text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  parts text[];
  rest text := '';
BEGIN
  parts := regexp_split_to_array(normalize(said, NFKC), '{_BETWEEN_WORDS}');
  FOR i IN REVERSE least(array_length(parts, 1), {MOST_WORDS}) .. 1 LOOP
    CONTINUE WHEN parts[i] = '';
    rest := left({folded("parts[i]")} || rest, {LONGEST_WORD});
    IF rest <> '' THEN
      RETURN NEXT rest;
    END IF;
  END LOOP;
END $$
"""
"""``Ali Reza Kazemi``: ``kazemi``, ``rezakazemi``, ``alirezakazemi``. So the start of any word is the start
of a row, and whoever leaves out a space finds the name as well."""
