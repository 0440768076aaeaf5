SELECT
  "t9"."row_key",
  "t9"."spell_id",
  "t9"."epoch_0" & "t9"."treatment_function_code_0" AS "w0"
FROM (
  SELECT
    "t8"."row_key",
    "t8"."record_id",
    "t8"."flow",
    "t8"."provider_code",
    "t8"."cds_unique_id",
    "t8"."attendance_id",
    "t8"."admission_method",
    "t8"."age",
    "t8"."critical_care_unit_function",
    "t8"."diagnosis_all",
    "t8"."hrg",
    "t8"."main_specialty_code",
    "t8"."patient_classification",
    "t8"."procedure_all",
    "t8"."service_line_submitted",
    "t8"."service_line_sus",
    "t8"."sex",
    "t8"."spell_hrg",
    "t8"."treatment_function_code",
    "t8"."unbundled_hrg_all",
    "t8"."list_site",
    "t8"."diagnosis_primary",
    "t8"."submitted_code",
    "t8"."spell_id",
    "t8"."epoch",
    "t6"."epoch_0",
    "t7"."treatment_function_code_0"
  FROM (
    SELECT
      *
    FROM "identify_prepared" AS "t0"
    WHERE
      "t0"."flow" IN ('op')
  ) AS "t8"
  INNER JOIN (
    SELECT
      "t1"."epoch_0",
      "t1"."value" AS "key_0_value",
      "t1"."epoch" AS "key_0_epoch"
    FROM "identify_op_epoch" AS "t1"
  ) AS "t6"
    ON "t8"."flow" = "t6"."key_0_value" AND "t8"."epoch" = "t6"."key_0_epoch"
  INNER JOIN (
    SELECT
      "t2"."treatment_function_code_0",
      "t2"."value" AS "key_1_value"
    FROM "identify_op_treatment_function_code" AS "t2"
  ) AS "t7"
    ON "t8"."treatment_function_code" = "t7"."key_1_value"
) AS "t9"
