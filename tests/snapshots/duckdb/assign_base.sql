SELECT
  "t8"."record_id",
  "t8"."row_key",
  "t8"."submission_id",
  "t8"."source_id",
  "t8"."row_number",
  "t8"."flow",
  "t8"."fate",
  "t8"."component",
  "t8"."spell_id",
  "t8"."episode_id",
  "t8"."attendance_id",
  "t8"."cds_type",
  "t8"."cds_unique_id",
  "t8"."provider_code",
  "t8"."site_code",
  "t8"."patient_id",
  "t8"."withheld_identity_reason",
  "t8"."gp_practice_code",
  "t8"."gp_practice_responsibility",
  "t8"."residence_responsibility",
  "t8"."postcode",
  "t8"."lsoa21_code",
  "t8"."age",
  "t8"."sex",
  "t8"."ethnic_category",
  "t8"."treatment_function_code",
  "t8"."main_specialty_code",
  "t8"."diagnosis_all",
  "t8"."procedure_all",
  "t8"."hrg",
  "t8"."spell_hrg",
  "t8"."unbundled_hrg_all",
  "t8"."point_of_delivery",
  "t8"."admission_method",
  "t8"."patient_classification",
  "t8"."source_of_admission",
  "t8"."attendance_status",
  "t8"."first_attendance",
  "t8"."referral_source",
  "t8"."critical_care_unit_function",
  "t8"."administrative_category",
  "t8"."overseas_visitor_charging_category",
  "t8"."start_date",
  "t8"."end_date",
  "t8"."discharge_date",
  "t8"."activity_date",
  "t8"."financial_year",
  "t8"."financial_month",
  "t8"."commissioned_service_category",
  "t8"."service_line_submitted",
  "t8"."mental_health_category",
  "t8"."service_line_sus",
  "t8"."commissioner_submitted",
  "t8"."tariff_code",
  "t8"."national_tariff_indicator",
  "t8"."quantity",
  "t8"."unit_price_submitted",
  "t8"."price_submitted",
  "t8"."mff_submitted",
  "t8"."quantity_plan",
  "t8"."price_plan",
  "t8"."drug_code",
  "t8"."device_code",
  "t8"."supply_route",
  "t8"."approval_id",
  "t8"."referred_via_ras",
  "t8"."section_7a_service",
  "t8"."other_public_health",
  "t8"."armed_forces_fertility_approved",
  "t8"."osv_international_agreement",
  "t8"."appendix_c_service",
  "t8"."setting",
  "t8"."candidates",
  "t8"."would_match",
  "t8"."mask",
  "t8"."rule_tie",
  "t8"."spell_rule_record_id",
  "t8"."rule_id",
  "t8"."rule_status",
  "t8"."service_line_derived",
  "t8"."service_basis",
  "t8"."service_line_final",
  "t8"."service_note",
  "t8"."counted",
  "t8"."monitoring",
  "t8"."assignment_date",
  CAST(COALESCE(
    CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2013, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2016, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2018, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2019, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2020, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2022, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2022, 6, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2022, 7, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2023, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2024, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2025, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2025, 7, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2026, 4, 1) THEN 1 ELSE 0 END + CASE WHEN "t8"."assignment_date" >= MAKE_DATE(2027, 4, 1) THEN 1 ELSE 0 END,
    0
  ) AS INT) AS "period",
  CASE "t8"."cds_type"
    WHEN '011'
    THEN 'emergency_care'
    WHEN '020'
    THEN 'outpatient'
    WHEN '120'
    THEN 'admitted'
    WHEN '130'
    THEN 'admitted'
    WHEN '140'
    THEN 'admitted'
    WHEN '150'
    THEN 'admitted'
    WHEN '160'
    THEN 'admitted'
    WHEN '180'
    THEN 'admitted'
    WHEN '190'
    THEN 'admitted'
    WHEN '200'
    THEN 'admitted'
    ELSE ''
  END AS "scope",
  "t8"."flow" IN ('prior_approval') AS "record_only",
  COALESCE(
    REGEXP_MATCHES("t8"."diagnosis_all", '(^|,)(N46|N97|Z31|Z350)')
    OR REGEXP_MATCHES(
      "t8"."procedure_all",
      '(^|,)(N341|N342|N343|N344|N345|N346|Q131|Q132|Q133|Q134|Q135|Q136|Q137|Q138|Q139|Q211|Q218|Q219|Q382|Q383|Q481|Q482|Q483|Q484|Q488|Q489|Q561|Q562|Y961|Y962|Y963|Y964|Y965|Y966|Y968|Y969)'
    ),
    FALSE
  ) AS "infertility"
FROM (
  SELECT
    "t7".*
    EXCLUDE ("cds", "effective_date", "month_13_as_12")
  FROM (
    SELECT
      "t6"."record_id",
      "t6"."row_key",
      "t6"."submission_id",
      "t6"."source_id",
      "t6"."row_number",
      "t6"."flow",
      "t6"."fate",
      "t6"."component",
      "t6"."spell_id",
      "t6"."episode_id",
      "t6"."attendance_id",
      "t6"."cds" AS "cds_type",
      "t6"."cds_unique_id",
      "t6"."provider_code",
      "t6"."site_code",
      "t6"."patient_id",
      "t6"."withheld_identity_reason",
      "t6"."gp_practice_code",
      "t6"."gp_practice_responsibility",
      "t6"."residence_responsibility",
      "t6"."postcode",
      "t6"."lsoa21_code",
      "t6"."age",
      "t6"."sex",
      "t6"."ethnic_category",
      "t6"."treatment_function_code",
      "t6"."main_specialty_code",
      "t6"."diagnosis_all",
      "t6"."procedure_all",
      "t6"."hrg",
      "t6"."spell_hrg",
      "t6"."unbundled_hrg_all",
      "t6"."point_of_delivery",
      "t6"."admission_method",
      "t6"."patient_classification",
      "t6"."source_of_admission",
      "t6"."attendance_status",
      "t6"."first_attendance",
      "t6"."referral_source",
      "t6"."critical_care_unit_function",
      "t6"."administrative_category",
      "t6"."overseas_visitor_charging_category",
      "t6"."start_date",
      "t6"."end_date",
      "t6"."discharge_date",
      "t6"."activity_date",
      "t6"."financial_year",
      "t6"."financial_month",
      "t6"."commissioned_service_category",
      "t6"."service_line_submitted",
      "t6"."mental_health_category",
      "t6"."service_line_sus",
      "t6"."commissioner_submitted",
      "t6"."tariff_code",
      "t6"."national_tariff_indicator",
      "t6"."quantity",
      "t6"."unit_price_submitted",
      "t6"."price_submitted",
      "t6"."mff_submitted",
      "t6"."quantity_plan",
      "t6"."price_plan",
      "t6"."drug_code",
      "t6"."device_code",
      "t6"."supply_route",
      "t6"."approval_id",
      "t6"."referred_via_ras",
      "t6"."section_7a_service",
      "t6"."other_public_health",
      "t6"."armed_forces_fertility_approved",
      "t6"."osv_international_agreement",
      "t6"."appendix_c_service",
      "t6"."setting",
      "t6"."candidates",
      "t6"."would_match",
      "t6"."mask",
      "t6"."rule_tie",
      "t6"."spell_rule_record_id",
      "t6"."rule_id",
      "t6"."rule_status",
      "t6"."service_line_derived",
      "t6"."service_basis",
      "t6"."service_line_final",
      "t6"."service_note",
      "t6"."counted",
      "t6"."month_13_as_12",
      "t6"."cds",
      "t6"."monitoring",
      "t6"."effective_date",
      CASE
        WHEN "t6"."monitoring"
        THEN COALESCE("t6"."effective_date", "t6"."activity_date")
        WHEN "t6"."cds" IN ('011', '020', '180', '190', '200')
        THEN COALESCE("t6"."start_date", "t6"."activity_date")
        WHEN "t6"."cds" IN ('120', '130', '140', '150', '160')
        THEN COALESCE("t6"."discharge_date", "t6"."end_date", "t6"."activity_date")
        ELSE "t6"."activity_date"
      END AS "assignment_date"
    FROM (
      SELECT
        "t5"."record_id",
        "t5"."row_key",
        "t5"."submission_id",
        "t5"."source_id",
        "t5"."row_number",
        "t5"."flow",
        "t5"."fate",
        "t5"."component",
        "t5"."spell_id",
        "t5"."episode_id",
        "t5"."attendance_id",
        "t5"."cds_type",
        "t5"."cds_unique_id",
        "t5"."provider_code",
        "t5"."site_code",
        "t5"."patient_id",
        "t5"."withheld_identity_reason",
        "t5"."gp_practice_code",
        "t5"."gp_practice_responsibility",
        "t5"."residence_responsibility",
        "t5"."postcode",
        "t5"."lsoa21_code",
        "t5"."age",
        "t5"."sex",
        "t5"."ethnic_category",
        "t5"."treatment_function_code",
        "t5"."main_specialty_code",
        "t5"."diagnosis_all",
        "t5"."procedure_all",
        "t5"."hrg",
        "t5"."spell_hrg",
        "t5"."unbundled_hrg_all",
        "t5"."point_of_delivery",
        "t5"."admission_method",
        "t5"."patient_classification",
        "t5"."source_of_admission",
        "t5"."attendance_status",
        "t5"."first_attendance",
        "t5"."referral_source",
        "t5"."critical_care_unit_function",
        "t5"."administrative_category",
        "t5"."overseas_visitor_charging_category",
        "t5"."start_date",
        "t5"."end_date",
        "t5"."discharge_date",
        "t5"."activity_date",
        "t5"."financial_year",
        "t5"."financial_month",
        "t5"."commissioned_service_category",
        "t5"."service_line_submitted",
        "t5"."mental_health_category",
        "t5"."service_line_sus",
        "t5"."commissioner_submitted",
        "t5"."tariff_code",
        "t5"."national_tariff_indicator",
        "t5"."quantity",
        "t5"."unit_price_submitted",
        "t5"."price_submitted",
        "t5"."mff_submitted",
        "t5"."quantity_plan",
        "t5"."price_plan",
        "t5"."drug_code",
        "t5"."device_code",
        "t5"."supply_route",
        "t5"."approval_id",
        "t5"."referred_via_ras",
        "t5"."section_7a_service",
        "t5"."other_public_health",
        "t5"."armed_forces_fertility_approved",
        "t5"."osv_international_agreement",
        "t5"."appendix_c_service",
        "t5"."setting",
        "t5"."candidates",
        "t5"."would_match",
        "t5"."mask",
        "t5"."rule_tie",
        "t5"."spell_rule_record_id",
        "t5"."rule_id",
        "t5"."rule_status",
        "t5"."service_line_derived",
        "t5"."service_basis",
        "t5"."service_line_final",
        "t5"."service_note",
        "t5"."counted",
        "t5"."month_13_as_12",
        "t5"."cds",
        "t5"."monitoring",
        "t3"."effective_date"
      FROM (
        SELECT
          "t0"."record_id",
          "t0"."row_key",
          "t0"."submission_id",
          "t0"."source_id",
          "t0"."row_number",
          "t0"."flow",
          "t0"."fate",
          "t0"."component",
          "t0"."spell_id",
          "t0"."episode_id",
          "t0"."attendance_id",
          "t0"."cds_type",
          "t0"."cds_unique_id",
          "t0"."provider_code",
          "t0"."site_code",
          "t0"."patient_id",
          "t0"."withheld_identity_reason",
          "t0"."gp_practice_code",
          "t0"."gp_practice_responsibility",
          "t0"."residence_responsibility",
          "t0"."postcode",
          "t0"."lsoa21_code",
          "t0"."age",
          "t0"."sex",
          "t0"."ethnic_category",
          "t0"."treatment_function_code",
          "t0"."main_specialty_code",
          "t0"."diagnosis_all",
          "t0"."procedure_all",
          "t0"."hrg",
          "t0"."spell_hrg",
          "t0"."unbundled_hrg_all",
          "t0"."point_of_delivery",
          "t0"."admission_method",
          "t0"."patient_classification",
          "t0"."source_of_admission",
          "t0"."attendance_status",
          "t0"."first_attendance",
          "t0"."referral_source",
          "t0"."critical_care_unit_function",
          "t0"."administrative_category",
          "t0"."overseas_visitor_charging_category",
          "t0"."start_date",
          "t0"."end_date",
          "t0"."discharge_date",
          "t0"."activity_date",
          "t0"."financial_year",
          "t0"."financial_month",
          "t0"."commissioned_service_category",
          "t0"."service_line_submitted",
          "t0"."mental_health_category",
          "t0"."service_line_sus",
          "t0"."commissioner_submitted",
          "t0"."tariff_code",
          "t0"."national_tariff_indicator",
          "t0"."quantity",
          "t0"."unit_price_submitted",
          "t0"."price_submitted",
          "t0"."mff_submitted",
          "t0"."quantity_plan",
          "t0"."price_plan",
          "t0"."drug_code",
          "t0"."device_code",
          "t0"."supply_route",
          "t0"."approval_id",
          "t0"."referred_via_ras",
          "t0"."section_7a_service",
          "t0"."other_public_health",
          "t0"."armed_forces_fertility_approved",
          "t0"."osv_international_agreement",
          "t0"."appendix_c_service",
          "t0"."setting",
          "t0"."candidates",
          "t0"."would_match",
          "t0"."mask",
          "t0"."rule_tie",
          "t0"."spell_rule_record_id",
          "t0"."rule_id",
          "t0"."rule_status",
          "t0"."service_line_derived",
          "t0"."service_basis",
          "t0"."service_line_final",
          "t0"."service_note",
          "t0"."counted",
          CASE
            WHEN "t0"."financial_month" IS NULL
            THEN "t0"."financial_month"
            ELSE LEAST(12, "t0"."financial_month")
          END AS "month_13_as_12",
          CASE
            WHEN "t0"."flow" IN (
              'apc_episode',
              'apc_spell',
              'cc_adult',
              'cc_paediatric',
              'cc_neonatal',
              'op',
              'ec'
            )
            AND "t0"."cds_type" IN ('011', '020', '120', '130', '140', '150', '160', '180', '190', '200')
            THEN "t0"."cds_type"
            ELSE CASE "t0"."flow"
              WHEN 'apc_episode'
              THEN '130'
              WHEN 'apc_spell'
              THEN '130'
              WHEN 'cc_adult'
              THEN '130'
              WHEN 'cc_paediatric'
              THEN '130'
              WHEN 'cc_neonatal'
              THEN '130'
              WHEN 'op'
              THEN '020'
              WHEN 'ec'
              THEN '011'
              WHEN 'plcm'
              THEN ''
              WHEN 'acm'
              THEN ''
              WHEN 'drplcm'
              THEN ''
              WHEN 'deplcm'
              THEN ''
              WHEN 'iap'
              THEN ''
              WHEN 'prior_approval'
              THEN ''
              ELSE ''
            END
          END AS "cds",
          "t0"."flow" IN ('plcm', 'acm', 'drplcm', 'deplcm', 'iap') AS "monitoring"
        FROM "counted" AS "t0"
      ) AS "t5"
      LEFT OUTER JOIN (
        SELECT
          "t1"."effective_date",
          "t1"."financial_year" AS "key_0_financial_year",
          "t1"."financial_month" AS "key_0_financial_month"
        FROM "assign_months" AS "t1"
      ) AS "t3"
        ON "t5"."financial_year" = "t3"."key_0_financial_year"
        AND "t5"."month_13_as_12" = "t3"."key_0_financial_month"
    ) AS "t6"
  ) AS "t7"
) AS "t8"
