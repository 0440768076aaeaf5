WITH "t20" AS (
  SELECT
    "t2"."spell_number",
    "t2"."spell_record_id",
    "t2"."spell_tie",
    "t2"."makes_specialised",
    "t2"."spell_id" AS "key_0_spell_id"
  FROM "identify_spells" AS "t2"
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t40"."row_key",
      'APC' AS "setting",
      '' AS "mask",
      '' AS "candidates",
      '' AS "would_match",
      "t40"."spell_number" AS "rule_number",
      COALESCE("t40"."spell_tie", FALSE) AS "rule_tie",
      COALESCE("t40"."spell_record_id", '') AS "spell_rule_record_id"
    FROM (
      SELECT
        "t36"."row_key",
        "t36"."record_id",
        "t36"."submission_id",
        "t36"."source_id",
        "t36"."row_number",
        "t36"."flow",
        "t36"."fate",
        "t36"."component",
        "t36"."spell_id",
        "t36"."episode_id",
        "t36"."attendance_id",
        "t36"."cds_type",
        "t36"."cds_unique_id",
        "t36"."provider_code",
        "t36"."site_code",
        "t36"."patient_id",
        "t36"."withheld_identity_reason",
        "t36"."gp_practice_code",
        "t36"."gp_practice_responsibility",
        "t36"."residence_responsibility",
        "t36"."postcode",
        "t36"."lsoa21_code",
        "t36"."age",
        "t36"."sex",
        "t36"."ethnic_category",
        "t36"."treatment_function_code",
        "t36"."main_specialty_code",
        "t36"."diagnosis_all",
        "t36"."procedure_all",
        "t36"."hrg",
        "t36"."spell_hrg",
        "t36"."unbundled_hrg_all",
        "t36"."point_of_delivery",
        "t36"."admission_method",
        "t36"."patient_classification",
        "t36"."source_of_admission",
        "t36"."attendance_status",
        "t36"."first_attendance",
        "t36"."referral_source",
        "t36"."critical_care_unit_function",
        "t36"."administrative_category",
        "t36"."overseas_visitor_charging_category",
        "t36"."start_date",
        "t36"."end_date",
        "t36"."discharge_date",
        "t36"."activity_date",
        "t36"."financial_year",
        "t36"."financial_month",
        "t36"."commissioned_service_category",
        "t36"."service_line_submitted",
        "t36"."mental_health_category",
        "t36"."service_line_sus",
        "t36"."commissioner_submitted",
        "t36"."tariff_code",
        "t36"."national_tariff_indicator",
        "t36"."quantity",
        "t36"."unit_price_submitted",
        "t36"."price_submitted",
        "t36"."mff_submitted",
        "t36"."quantity_plan",
        "t36"."price_plan",
        "t36"."drug_code",
        "t36"."device_code",
        "t36"."supply_route",
        "t36"."approval_id",
        "t36"."referred_via_ras",
        "t36"."section_7a_service",
        "t36"."other_public_health",
        "t36"."armed_forces_fertility_approved",
        "t36"."osv_international_agreement",
        "t36"."appendix_c_service",
        "t38"."spell_number",
        "t38"."spell_record_id",
        "t38"."spell_tie",
        "t38"."makes_specialised"
      FROM (
        SELECT
          *
        FROM "activity" AS "t0"
        WHERE
          "t0"."flow" = 'apc_spell' AND "t0"."fate" = 'accepted'
      ) AS "t36"
      SEMI JOIN (
        SELECT DISTINCT
          "t1"."spell_id" AS "episode_spell"
        FROM "identify_tested_apc" AS "t1"
        WHERE
          "t1"."flow" = 'apc_episode'
      ) AS "t37"
        ON "t36"."spell_id" = "t37"."episode_spell"
      LEFT OUTER JOIN "t20" AS "t38"
        ON "t36"."spell_id" = "t38"."key_0_spell_id"
    ) AS "t40"
  ) AS "t47"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t60"."row_key",
        'ACM+MHSDS+NRD' AS "setting",
        "t60"."mask",
        "t60"."candidates",
        "t60"."would_match",
        "t60"."own_rule_number" AS "rule_number",
        COALESCE("t60"."own_tie", FALSE) AS "rule_tie",
        '' AS "spell_rule_record_id"
      FROM (
        SELECT
          "t54"."row_key",
          "t54"."record_id",
          "t54"."flow",
          "t54"."spell_id",
          "t54"."w0",
          "t54"."spell_number",
          "t54"."spell_record_id",
          "t54"."spell_tie",
          "t54"."makes_specialised",
          "t54"."spell_specialised",
          "t30"."own_rule_number",
          "t30"."own_tie",
          "t30"."candidates",
          "t30"."would_match",
          "t30"."mask"
        FROM (
          SELECT
            "t41"."row_key",
            "t41"."record_id",
            "t41"."flow",
            "t41"."spell_id",
            "t41"."w0",
            "t41"."spell_number",
            "t41"."spell_record_id",
            "t41"."spell_tie",
            "t41"."makes_specialised",
            COALESCE("t41"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t15"."row_key",
              "t15"."record_id",
              "t15"."flow",
              "t15"."spell_id",
              "t15"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_acm_mhsds_nrd" AS "t15"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t15"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t41"
        ) AS "t54"
        INNER JOIN (
          SELECT
            "t3"."own_rule_number",
            "t3"."own_tie",
            "t3"."candidates",
            "t3"."would_match",
            "t3"."mask",
            "t3"."w0" AS "key_0_w0",
            "t3"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_acm_mhsds_nrd" AS "t3"
        ) AS "t30"
          ON "t54"."w0" = "t30"."key_0_w0"
          AND "t54"."spell_specialised" = "t30"."key_0_spell_specialised"
      ) AS "t60"
    ) AS "t66"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t61"."row_key",
        'APC' AS "setting",
        "t61"."mask",
        "t61"."candidates",
        "t61"."would_match",
        COALESCE(
          "t61"."spell_number",
          CASE
            WHEN "t61"."flow" = 'apc_episode'
            THEN "t61"."own_rule_number"
            ELSE CAST(NULL AS INT)
          END
        ) AS "rule_number",
        COALESCE(
          CASE
            WHEN "t61"."spell_number" IS NOT NULL
            THEN "t61"."spell_tie"
            ELSE "t61"."own_tie"
            AND (
              CASE
                WHEN "t61"."flow" = 'apc_episode'
                THEN "t61"."own_rule_number"
                ELSE CAST(NULL AS INT)
              END IS NOT NULL
            )
          END,
          FALSE
        ) AS "rule_tie",
        CASE
          WHEN (
            "t61"."spell_number" IS NOT NULL
          )
          AND (
            "t61"."spell_record_id" <> "t61"."record_id"
          )
          THEN "t61"."spell_record_id"
          ELSE ''
        END AS "spell_rule_record_id"
      FROM (
        SELECT
          "t55"."row_key",
          "t55"."record_id",
          "t55"."flow",
          "t55"."spell_id",
          "t55"."w0",
          "t55"."spell_number",
          "t55"."spell_record_id",
          "t55"."spell_tie",
          "t55"."makes_specialised",
          "t55"."spell_specialised",
          "t31"."own_rule_number",
          "t31"."own_tie",
          "t31"."candidates",
          "t31"."would_match",
          "t31"."mask"
        FROM (
          SELECT
            "t42"."row_key",
            "t42"."record_id",
            "t42"."flow",
            "t42"."spell_id",
            "t42"."w0",
            "t42"."spell_number",
            "t42"."spell_record_id",
            "t42"."spell_tie",
            "t42"."makes_specialised",
            COALESCE("t42"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t14"."row_key",
              "t14"."record_id",
              "t14"."flow",
              "t14"."spell_id",
              "t14"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_apc" AS "t14"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t14"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t42"
        ) AS "t55"
        INNER JOIN (
          SELECT
            "t4"."own_rule_number",
            "t4"."own_tie",
            "t4"."candidates",
            "t4"."would_match",
            "t4"."mask",
            "t4"."w0" AS "key_0_w0",
            "t4"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_apc" AS "t4"
        ) AS "t31"
          ON "t55"."w0" = "t31"."key_0_w0"
          AND "t55"."spell_specialised" = "t31"."key_0_spell_specialised"
      ) AS "t61"
    ) AS "t74"
  ) AS "t75"
) AS "t76"
UNION ALL
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t62"."row_key",
        'CC' AS "setting",
        "t62"."mask",
        "t62"."candidates",
        "t62"."would_match",
        "t62"."own_rule_number" AS "rule_number",
        COALESCE("t62"."own_tie", FALSE) AS "rule_tie",
        '' AS "spell_rule_record_id"
      FROM (
        SELECT
          "t56"."row_key",
          "t56"."record_id",
          "t56"."flow",
          "t56"."spell_id",
          "t56"."w0",
          "t56"."spell_number",
          "t56"."spell_record_id",
          "t56"."spell_tie",
          "t56"."makes_specialised",
          "t56"."spell_specialised",
          "t32"."own_rule_number",
          "t32"."own_tie",
          "t32"."candidates",
          "t32"."would_match",
          "t32"."mask"
        FROM (
          SELECT
            "t43"."row_key",
            "t43"."record_id",
            "t43"."flow",
            "t43"."spell_id",
            "t43"."w0",
            "t43"."spell_number",
            "t43"."spell_record_id",
            "t43"."spell_tie",
            "t43"."makes_specialised",
            COALESCE("t43"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t16"."row_key",
              "t16"."record_id",
              "t16"."flow",
              "t16"."spell_id",
              "t16"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_cc" AS "t16"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t16"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t43"
        ) AS "t56"
        INNER JOIN (
          SELECT
            "t5"."own_rule_number",
            "t5"."own_tie",
            "t5"."candidates",
            "t5"."would_match",
            "t5"."mask",
            "t5"."w0" AS "key_0_w0",
            "t5"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_cc" AS "t5"
        ) AS "t32"
          ON "t56"."w0" = "t32"."key_0_w0"
          AND "t56"."spell_specialised" = "t32"."key_0_spell_specialised"
      ) AS "t62"
    ) AS "t67"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t63"."row_key",
        'DEVICE' AS "setting",
        "t63"."mask",
        "t63"."candidates",
        "t63"."would_match",
        "t63"."own_rule_number" AS "rule_number",
        COALESCE("t63"."own_tie", FALSE) AS "rule_tie",
        '' AS "spell_rule_record_id"
      FROM (
        SELECT
          "t57"."row_key",
          "t57"."record_id",
          "t57"."flow",
          "t57"."spell_id",
          "t57"."w0",
          "t57"."spell_number",
          "t57"."spell_record_id",
          "t57"."spell_tie",
          "t57"."makes_specialised",
          "t57"."spell_specialised",
          "t33"."own_rule_number",
          "t33"."own_tie",
          "t33"."candidates",
          "t33"."would_match",
          "t33"."mask"
        FROM (
          SELECT
            "t44"."row_key",
            "t44"."record_id",
            "t44"."flow",
            "t44"."spell_id",
            "t44"."w0",
            "t44"."spell_number",
            "t44"."spell_record_id",
            "t44"."spell_tie",
            "t44"."makes_specialised",
            COALESCE("t44"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t17"."row_key",
              "t17"."record_id",
              "t17"."flow",
              "t17"."spell_id",
              "t17"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_device" AS "t17"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t17"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t44"
        ) AS "t57"
        INNER JOIN (
          SELECT
            "t6"."own_rule_number",
            "t6"."own_tie",
            "t6"."candidates",
            "t6"."would_match",
            "t6"."mask",
            "t6"."w0" AS "key_0_w0",
            "t6"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_device" AS "t6"
        ) AS "t33"
          ON "t57"."w0" = "t33"."key_0_w0"
          AND "t57"."spell_specialised" = "t33"."key_0_spell_specialised"
      ) AS "t63"
    ) AS "t68"
  ) AS "t71"
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        "t64"."row_key",
        'DRUG' AS "setting",
        "t64"."mask",
        "t64"."candidates",
        "t64"."would_match",
        "t64"."own_rule_number" AS "rule_number",
        COALESCE("t64"."own_tie", FALSE) AS "rule_tie",
        '' AS "spell_rule_record_id"
      FROM (
        SELECT
          "t58"."row_key",
          "t58"."record_id",
          "t58"."flow",
          "t58"."spell_id",
          "t58"."w0",
          "t58"."spell_number",
          "t58"."spell_record_id",
          "t58"."spell_tie",
          "t58"."makes_specialised",
          "t58"."spell_specialised",
          "t34"."own_rule_number",
          "t34"."own_tie",
          "t34"."candidates",
          "t34"."would_match",
          "t34"."mask"
        FROM (
          SELECT
            "t45"."row_key",
            "t45"."record_id",
            "t45"."flow",
            "t45"."spell_id",
            "t45"."w0",
            "t45"."spell_number",
            "t45"."spell_record_id",
            "t45"."spell_tie",
            "t45"."makes_specialised",
            COALESCE("t45"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t18"."row_key",
              "t18"."record_id",
              "t18"."flow",
              "t18"."spell_id",
              "t18"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_drug" AS "t18"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t18"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t45"
        ) AS "t58"
        INNER JOIN (
          SELECT
            "t7"."own_rule_number",
            "t7"."own_tie",
            "t7"."candidates",
            "t7"."would_match",
            "t7"."mask",
            "t7"."w0" AS "key_0_w0",
            "t7"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_drug" AS "t7"
        ) AS "t34"
          ON "t58"."w0" = "t34"."key_0_w0"
          AND "t58"."spell_specialised" = "t34"."key_0_spell_specialised"
      ) AS "t64"
    ) AS "t69"
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        "t65"."row_key",
        'OP' AS "setting",
        "t65"."mask",
        "t65"."candidates",
        "t65"."would_match",
        "t65"."own_rule_number" AS "rule_number",
        COALESCE("t65"."own_tie", FALSE) AS "rule_tie",
        '' AS "spell_rule_record_id"
      FROM (
        SELECT
          "t59"."row_key",
          "t59"."record_id",
          "t59"."flow",
          "t59"."spell_id",
          "t59"."w0",
          "t59"."spell_number",
          "t59"."spell_record_id",
          "t59"."spell_tie",
          "t59"."makes_specialised",
          "t59"."spell_specialised",
          "t35"."own_rule_number",
          "t35"."own_tie",
          "t35"."candidates",
          "t35"."would_match",
          "t35"."mask"
        FROM (
          SELECT
            "t46"."row_key",
            "t46"."record_id",
            "t46"."flow",
            "t46"."spell_id",
            "t46"."w0",
            "t46"."spell_number",
            "t46"."spell_record_id",
            "t46"."spell_tie",
            "t46"."makes_specialised",
            COALESCE("t46"."makes_specialised", FALSE) AS "spell_specialised"
          FROM (
            SELECT
              "t19"."row_key",
              "t19"."record_id",
              "t19"."flow",
              "t19"."spell_id",
              "t19"."w0",
              "t39"."spell_number",
              "t39"."spell_record_id",
              "t39"."spell_tie",
              "t39"."makes_specialised"
            FROM "identify_tested_op" AS "t19"
            LEFT OUTER JOIN "t20" AS "t39"
              ON "t19"."spell_id" = "t39"."key_0_spell_id"
          ) AS "t46"
        ) AS "t59"
        INNER JOIN (
          SELECT
            "t8"."own_rule_number",
            "t8"."own_tie",
            "t8"."candidates",
            "t8"."would_match",
            "t8"."mask",
            "t8"."w0" AS "key_0_w0",
            "t8"."spell_specialised" AS "key_0_spell_specialised"
          FROM "identify_own_op" AS "t8"
        ) AS "t35"
          ON "t59"."w0" = "t35"."key_0_w0"
          AND "t59"."spell_specialised" = "t35"."key_0_spell_specialised"
      ) AS "t65"
    ) AS "t70"
  ) AS "t72"
) AS "t73"
