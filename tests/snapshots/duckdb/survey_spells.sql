SELECT
  "t7"."spell_id",
  "t7"."spell_number",
  "t7"."spell_record_id",
  (
    "t7"."first_line" <> "t7"."last_line"
  ) OR (
    "t7"."within" = 1
  ) AS "spell_tie",
  NOT (
    "t7"."spell_number" IN (-1)
  ) AS "makes_specialised"
FROM (
  SELECT
    "t6"."spell_id",
    MIN("t6"."spell_number") AS "spell_number",
    MIN("t6"."record_id") FILTER(WHERE
      "t6"."spell_rule_number" = "t6"."spell_number") AS "spell_record_id",
    MIN("t6"."spell_line") FILTER(WHERE
      "t6"."spell_priority" = "t6"."best_priority") AS "first_line",
    MAX("t6"."spell_line") FILTER(WHERE
      "t6"."spell_priority" = "t6"."best_priority") AS "last_line",
    MAX(
      CASE
        WHEN (
          "t6"."spell_priority" = "t6"."best_priority"
        ) AND "t6"."spell_tie_within"
        THEN 1
        ELSE 0
      END
    ) AS "within"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t1"."record_id",
        "t1"."spell_id",
        "t1"."spell_rule_number",
        "t1"."spell_priority",
        "t1"."spell_line",
        "t1"."spell_tie_within",
        "t4"."spell_number",
        "t4"."best_priority"
      FROM "survey_held" AS "t1"
      INNER JOIN (
        SELECT
          "t2"."spell_number",
          "t2"."best_priority",
          "t2"."spell_id" AS "key_0_spell_id"
        FROM (
          SELECT
            "t0"."spell_id",
            MIN("t0"."spell_rule_number") AS "spell_number",
            MIN("t0"."spell_priority") AS "best_priority"
          FROM "survey_held" AS "t0"
          GROUP BY
            1
        ) AS "t2"
      ) AS "t4"
        ON "t1"."spell_id" = "t4"."key_0_spell_id"
    ) AS "t5"
  ) AS "t6"
  GROUP BY
    1
) AS "t7"
