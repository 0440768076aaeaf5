SELECT
  "t18"."diagnosis_all",
  BIT_OR("t18"."diagnosis_any_0") AS "diagnosis_any_0",
  BIT_OR("t18"."diagnosis_any_bar_0") AS "diagnosis_any_bar_0"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t16"."diagnosis_all",
      "t16"."code",
      "t7"."diagnosis_any_0",
      "t8"."diagnosis_any_bar_0"
    FROM (
      SELECT
        "t14"."diagnosis_all",
        UNNEST(STR_SPLIT("t14"."diagnosis_all", ',')) AS "code"
      FROM (
        SELECT DISTINCT
          "t13"."diagnosis_all"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              *
            FROM "identify_prepared" AS "t2"
            WHERE
              "t2"."flow" IN ('apc_episode', 'apc_spell') AND "t2"."flow" = 'apc_episode'
          ) AS "t9"
          UNION ALL
          SELECT
            *
          FROM (
            SELECT
              "t11"."row_key",
              "t11"."record_id",
              "t11"."flow",
              "t11"."provider_code",
              "t11"."cds_unique_id",
              "t11"."attendance_id",
              "t11"."admission_method",
              "t11"."age",
              "t11"."critical_care_unit_function",
              "t11"."diagnosis_all",
              "t11"."hrg",
              "t11"."main_specialty_code",
              "t11"."patient_classification",
              "t11"."procedure_all",
              "t11"."service_line_submitted",
              "t11"."service_line_sus",
              "t11"."sex",
              "t11"."spell_hrg",
              "t11"."treatment_function_code",
              "t11"."unbundled_hrg_all",
              "t11"."list_site",
              "t11"."diagnosis_primary",
              "t11"."submitted_code",
              "t11"."spell_id",
              "t11"."epoch"
            FROM (
              SELECT
                *
              FROM "identify_prepared" AS "t2"
              WHERE
                "t2"."flow" IN ('apc_episode', 'apc_spell') AND "t2"."flow" <> 'apc_episode'
            ) AS "t11"
            ANTI JOIN "survey_episode_spells" AS "t4"
              ON "t11"."spell_id" = "t4"."spell_id"
          ) AS "t12"
        ) AS "t13"
        WHERE
          "t13"."diagnosis_all" <> ''
      ) AS "t14"
    ) AS "t16"
    INNER JOIN (
      SELECT
        "t0"."diagnosis_any_0",
        "t0"."value" AS "key_0_value"
      FROM "identify_apc_diagnosis_any" AS "t0"
    ) AS "t7"
      ON "t16"."code" = "t7"."key_0_value"
    INNER JOIN (
      SELECT
        "t1"."diagnosis_any_bar_0",
        "t1"."value" AS "key_1_value"
      FROM "identify_apc_diagnosis_any_bar" AS "t1"
    ) AS "t8"
      ON "t16"."code" = "t8"."key_1_value"
  ) AS "t17"
) AS "t18"
GROUP BY
  1
