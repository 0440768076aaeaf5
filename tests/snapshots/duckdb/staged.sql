SELECT
  "t26".*
  EXCLUDE ("currency_code", "currency_field", "factor", "market_forces_applies", "pod_basis", "price_group", "rate", "top_up_applies", "treatment")
FROM (
  SELECT
    "t25"."row_key",
    "t25"."record_id",
    "t25"."submission_id",
    "t25"."source_id",
    "t25"."row_number",
    "t25"."flow",
    "t25"."fate",
    "t25"."component",
    "t25"."spell_id",
    "t25"."episode_id",
    "t25"."attendance_id",
    "t25"."cds_type",
    "t25"."cds_unique_id",
    "t25"."provider_code",
    "t25"."site_code",
    "t25"."patient_id",
    "t25"."withheld_identity_reason",
    "t25"."gp_practice_code",
    "t25"."gp_practice_responsibility",
    "t25"."residence_responsibility",
    "t25"."postcode",
    "t25"."lsoa21_code",
    "t25"."age",
    "t25"."sex",
    "t25"."ethnic_category",
    "t25"."treatment_function_code",
    "t25"."main_specialty_code",
    "t25"."diagnosis_all",
    "t25"."procedure_all",
    "t25"."hrg",
    "t25"."spell_hrg",
    "t25"."unbundled_hrg_all",
    "t25"."point_of_delivery",
    "t25"."admission_method",
    "t25"."patient_classification",
    "t25"."source_of_admission",
    "t25"."attendance_status",
    "t25"."first_attendance",
    "t25"."referral_source",
    "t25"."critical_care_unit_function",
    "t25"."administrative_category",
    "t25"."overseas_visitor_charging_category",
    "t25"."start_date",
    "t25"."end_date",
    "t25"."discharge_date",
    "t25"."activity_date",
    "t25"."financial_year",
    "t25"."financial_month",
    "t25"."commissioned_service_category",
    "t25"."service_line_submitted",
    "t25"."mental_health_category",
    "t25"."service_line_sus",
    "t25"."commissioner_submitted",
    "t25"."tariff_code",
    "t25"."national_tariff_indicator",
    "t25"."quantity",
    "t25"."unit_price_submitted",
    "t25"."price_submitted",
    "t25"."mff_submitted",
    "t25"."quantity_plan",
    "t25"."price_plan",
    "t25"."drug_code",
    "t25"."device_code",
    "t25"."supply_route",
    "t25"."approval_id",
    "t25"."referred_via_ras",
    "t25"."section_7a_service",
    "t25"."other_public_health",
    "t25"."armed_forces_fertility_approved",
    "t25"."osv_international_agreement",
    "t25"."appendix_c_service",
    "t25"."setting",
    "t25"."mask",
    "t25"."candidates",
    "t25"."would_match",
    "t25"."rule_tie",
    "t25"."spell_rule_record_id",
    "t25"."linked_tie",
    "t25"."rule_id",
    "t25"."rule_status",
    "t25"."service_line_derived",
    "t25"."service_basis",
    "t25"."service_line_final",
    "t25"."service_note",
    "t25"."counted",
    "t25"."assignment_date",
    "t25"."population_icb",
    "t25"."population_sub_icb",
    "t25"."population_method",
    "t25"."commissioner_code",
    "t25"."payer_code",
    "t25"."payer_kind",
    "t25"."assignment_box",
    "t25"."assignment_label",
    "t25"."lookup_method",
    "t25"."accountable_body",
    "t25"."contracting_host",
    "t25"."delegation_status",
    "t25"."pss_line",
    "t25"."npoc_code",
    "t25"."method",
    "t25"."box_path",
    "t25"."not_answerable",
    "t25"."lookups",
    "t25"."options",
    "t25"."reassignment_code",
    "t25"."commissioner_read",
    "t25"."commissioner_kind",
    "t25"."price_group",
    "t25"."currency_field",
    "t25"."top_up_applies",
    "t25"."market_forces_applies",
    "t25"."pod_basis",
    "t25"."currency_code",
    "t25"."treatment",
    CASE
      WHEN "t25"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t25"."unit_price" AS DECIMAL(18, 2))
      ELSE CAST(NULL AS DECIMAL(18, 2))
    END AS "unit_price",
    "t25"."factor",
    "t25"."rate",
    CASE
      WHEN "t25"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t25"."top_up" AS DECIMAL(9, 6))
      ELSE CAST(NULL AS DECIMAL(9, 6))
    END AS "top_up",
    "t25"."top_up_line",
    CASE
      WHEN "t25"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t25"."market_forces" AS DECIMAL(9, 6))
      ELSE CAST(NULL AS DECIMAL(9, 6))
    END AS "market_forces",
    "t25"."price_basis",
    "t25"."price_expected",
    COALESCE(
      CASE
        WHEN "t25"."price_basis" IN ('national', 'critical_care')
        THEN 'unit_prices:' || "t25"."financial_year" || ':' || "t25"."price_group" || ':' || "t25"."currency_code"
        ELSE ''
      END,
      ''
    ) AS "price_table",
    COALESCE(
      CASE
        WHEN "t25"."price_basis" IN ('national', 'critical_care')
        THEN '£' || CAST("t25"."unit_price" AS TEXT) || ' x (1 + ' || CAST("t25"."top_up" AS TEXT) || ') x ' || CAST("t25"."market_forces" AS TEXT) || ' x ' || CAST("t25"."quantity" AS TEXT)
        ELSE "t25"."price_basis"
      END,
      ''
    ) AS "price_steps"
  FROM (
    SELECT
      "t24"."row_key",
      "t24"."record_id",
      "t24"."submission_id",
      "t24"."source_id",
      "t24"."row_number",
      "t24"."flow",
      "t24"."fate",
      "t24"."component",
      "t24"."spell_id",
      "t24"."episode_id",
      "t24"."attendance_id",
      "t24"."cds_type",
      "t24"."cds_unique_id",
      "t24"."provider_code",
      "t24"."site_code",
      "t24"."patient_id",
      "t24"."withheld_identity_reason",
      "t24"."gp_practice_code",
      "t24"."gp_practice_responsibility",
      "t24"."residence_responsibility",
      "t24"."postcode",
      "t24"."lsoa21_code",
      "t24"."age",
      "t24"."sex",
      "t24"."ethnic_category",
      "t24"."treatment_function_code",
      "t24"."main_specialty_code",
      "t24"."diagnosis_all",
      "t24"."procedure_all",
      "t24"."hrg",
      "t24"."spell_hrg",
      "t24"."unbundled_hrg_all",
      "t24"."point_of_delivery",
      "t24"."admission_method",
      "t24"."patient_classification",
      "t24"."source_of_admission",
      "t24"."attendance_status",
      "t24"."first_attendance",
      "t24"."referral_source",
      "t24"."critical_care_unit_function",
      "t24"."administrative_category",
      "t24"."overseas_visitor_charging_category",
      "t24"."start_date",
      "t24"."end_date",
      "t24"."discharge_date",
      "t24"."activity_date",
      "t24"."financial_year",
      "t24"."financial_month",
      "t24"."commissioned_service_category",
      "t24"."service_line_submitted",
      "t24"."mental_health_category",
      "t24"."service_line_sus",
      "t24"."commissioner_submitted",
      "t24"."tariff_code",
      "t24"."national_tariff_indicator",
      "t24"."quantity",
      "t24"."unit_price_submitted",
      "t24"."price_submitted",
      "t24"."mff_submitted",
      "t24"."quantity_plan",
      "t24"."price_plan",
      "t24"."drug_code",
      "t24"."device_code",
      "t24"."supply_route",
      "t24"."approval_id",
      "t24"."referred_via_ras",
      "t24"."section_7a_service",
      "t24"."other_public_health",
      "t24"."armed_forces_fertility_approved",
      "t24"."osv_international_agreement",
      "t24"."appendix_c_service",
      "t24"."setting",
      "t24"."mask",
      "t24"."candidates",
      "t24"."would_match",
      "t24"."rule_tie",
      "t24"."spell_rule_record_id",
      "t24"."linked_tie",
      "t24"."rule_id",
      "t24"."rule_status",
      "t24"."service_line_derived",
      "t24"."service_basis",
      "t24"."service_line_final",
      "t24"."service_note",
      "t24"."counted",
      "t24"."assignment_date",
      "t24"."population_icb",
      "t24"."population_sub_icb",
      "t24"."population_method",
      "t24"."commissioner_code",
      "t24"."payer_code",
      "t24"."payer_kind",
      "t24"."assignment_box",
      "t24"."assignment_label",
      "t24"."lookup_method",
      "t24"."accountable_body",
      "t24"."contracting_host",
      "t24"."delegation_status",
      "t24"."pss_line",
      "t24"."npoc_code",
      "t24"."method",
      "t24"."box_path",
      "t24"."not_answerable",
      "t24"."lookups",
      "t24"."options",
      "t24"."reassignment_code",
      "t24"."commissioner_read",
      "t24"."commissioner_kind",
      "t24"."price_group",
      "t24"."currency_field",
      "t24"."top_up_applies",
      "t24"."market_forces_applies",
      "t24"."pod_basis",
      "t24"."currency_code",
      "t24"."treatment",
      "t24"."unit_price",
      "t24"."factor",
      "t24"."rate",
      CASE
        WHEN (
          "t24"."top_up_applies" = 'Y'
        ) AND (
          "t24"."rate" IS NOT NULL
        )
        THEN CAST("t24"."rate" AS DECIMAL(7, 6))
        ELSE CAST(0 AS DECIMAL(7, 6))
      END AS "top_up",
      COALESCE(
        CASE
          WHEN (
            "t24"."top_up_applies" = 'Y'
          ) AND (
            "t24"."rate" IS NOT NULL
          )
          THEN "t24"."service_line_final"
          ELSE ''
        END,
        ''
      ) AS "top_up_line",
      CASE
        WHEN (
          "t24"."market_forces_applies" = 'Y'
        ) AND (
          "t24"."factor" IS NOT NULL
        )
        THEN CAST("t24"."factor" AS DECIMAL(7, 6))
        ELSE CAST(1 AS DECIMAL(7, 6))
      END AS "market_forces",
      CASE
        WHEN "t24"."treatment" = 'none'
        THEN 'none'
        WHEN (
          "t24"."treatment" = 'priced'
        )
        AND (
          "t24"."unit_price" IS NOT NULL
        )
        AND (
          "t24"."quantity" IS NOT NULL
        )
        AND (
          "t24"."price_group" = 'critical_care_day'
        )
        THEN 'critical_care'
        WHEN (
          "t24"."treatment" = 'priced'
        )
        AND (
          "t24"."unit_price" IS NOT NULL
        )
        AND (
          "t24"."quantity" IS NOT NULL
        )
        THEN 'national'
        WHEN "t24"."price_submitted" IS NULL
        THEN 'none'
        WHEN "t24"."treatment" IN ('pass_through', 'as_agreed')
        THEN "t24"."treatment"
        ELSE 'submitted'
      END AS "price_basis",
      CASE
        WHEN "t24"."treatment" = 'none'
        THEN CAST(NULL AS DECIMAL(18, 2))
        WHEN (
          "t24"."treatment" = 'priced'
        )
        AND (
          "t24"."unit_price" IS NOT NULL
        )
        AND (
          "t24"."quantity" IS NOT NULL
        )
        THEN CAST(CAST(CAST(CAST(CAST("t24"."unit_price" AS DECIMAL(19, 2)) * "t24"."quantity" AS DECIMAL(32, 5)) AS DECIMAL(22, 5)) * CAST((
          CASE
            WHEN (
              "t24"."top_up_applies" = 'Y'
            ) AND (
              "t24"."rate" IS NOT NULL
            )
            THEN CAST("t24"."rate" AS DECIMAL(7, 6))
            ELSE CAST(0 AS DECIMAL(7, 6))
          END + CAST(1 AS DECIMAL(7, 6))
        ) * CASE
          WHEN (
            "t24"."market_forces_applies" = 'Y'
          ) AND (
            "t24"."factor" IS NOT NULL
          )
          THEN CAST("t24"."factor" AS DECIMAL(7, 6))
          ELSE CAST(1 AS DECIMAL(7, 6))
        END AS DECIMAL(14, 12)) AS DECIMAL(36, 17)) AS DECIMAL(18, 2))
        ELSE CAST("t24"."price_submitted" AS DECIMAL(18, 2))
      END AS "price_expected"
    FROM (
      SELECT
        "t23"."row_key",
        "t23"."record_id",
        "t23"."submission_id",
        "t23"."source_id",
        "t23"."row_number",
        "t23"."flow",
        "t23"."fate",
        "t23"."component",
        "t23"."spell_id",
        "t23"."episode_id",
        "t23"."attendance_id",
        "t23"."cds_type",
        "t23"."cds_unique_id",
        "t23"."provider_code",
        "t23"."site_code",
        "t23"."patient_id",
        "t23"."withheld_identity_reason",
        "t23"."gp_practice_code",
        "t23"."gp_practice_responsibility",
        "t23"."residence_responsibility",
        "t23"."postcode",
        "t23"."lsoa21_code",
        "t23"."age",
        "t23"."sex",
        "t23"."ethnic_category",
        "t23"."treatment_function_code",
        "t23"."main_specialty_code",
        "t23"."diagnosis_all",
        "t23"."procedure_all",
        "t23"."hrg",
        "t23"."spell_hrg",
        "t23"."unbundled_hrg_all",
        "t23"."point_of_delivery",
        "t23"."admission_method",
        "t23"."patient_classification",
        "t23"."source_of_admission",
        "t23"."attendance_status",
        "t23"."first_attendance",
        "t23"."referral_source",
        "t23"."critical_care_unit_function",
        "t23"."administrative_category",
        "t23"."overseas_visitor_charging_category",
        "t23"."start_date",
        "t23"."end_date",
        "t23"."discharge_date",
        "t23"."activity_date",
        "t23"."financial_year",
        "t23"."financial_month",
        "t23"."commissioned_service_category",
        "t23"."service_line_submitted",
        "t23"."mental_health_category",
        "t23"."service_line_sus",
        "t23"."commissioner_submitted",
        "t23"."tariff_code",
        "t23"."national_tariff_indicator",
        "t23"."quantity",
        "t23"."unit_price_submitted",
        "t23"."price_submitted",
        "t23"."mff_submitted",
        "t23"."quantity_plan",
        "t23"."price_plan",
        "t23"."drug_code",
        "t23"."device_code",
        "t23"."supply_route",
        "t23"."approval_id",
        "t23"."referred_via_ras",
        "t23"."section_7a_service",
        "t23"."other_public_health",
        "t23"."armed_forces_fertility_approved",
        "t23"."osv_international_agreement",
        "t23"."appendix_c_service",
        "t23"."setting",
        "t23"."mask",
        "t23"."candidates",
        "t23"."would_match",
        "t23"."rule_tie",
        "t23"."spell_rule_record_id",
        "t23"."linked_tie",
        "t23"."rule_id",
        "t23"."rule_status",
        "t23"."service_line_derived",
        "t23"."service_basis",
        "t23"."service_line_final",
        "t23"."service_note",
        "t23"."counted",
        "t23"."assignment_date",
        "t23"."population_icb",
        "t23"."population_sub_icb",
        "t23"."population_method",
        "t23"."commissioner_code",
        "t23"."payer_code",
        "t23"."payer_kind",
        "t23"."assignment_box",
        "t23"."assignment_label",
        "t23"."lookup_method",
        "t23"."accountable_body",
        "t23"."contracting_host",
        "t23"."delegation_status",
        "t23"."pss_line",
        "t23"."npoc_code",
        "t23"."method",
        "t23"."box_path",
        "t23"."not_answerable",
        "t23"."lookups",
        "t23"."options",
        "t23"."reassignment_code",
        "t23"."commissioner_read",
        "t23"."commissioner_kind",
        "t23"."price_group",
        "t23"."currency_field",
        "t23"."top_up_applies",
        "t23"."market_forces_applies",
        "t23"."pod_basis",
        "t23"."currency_code",
        "t23"."treatment",
        "t12"."unit_price",
        "t13"."factor",
        "t14"."rate"
      FROM (
        SELECT
          "t21"."row_key",
          "t21"."record_id",
          "t21"."submission_id",
          "t21"."source_id",
          "t21"."row_number",
          "t21"."flow",
          "t21"."fate",
          "t21"."component",
          "t21"."spell_id",
          "t21"."episode_id",
          "t21"."attendance_id",
          "t21"."cds_type",
          "t21"."cds_unique_id",
          "t21"."provider_code",
          "t21"."site_code",
          "t21"."patient_id",
          "t21"."withheld_identity_reason",
          "t21"."gp_practice_code",
          "t21"."gp_practice_responsibility",
          "t21"."residence_responsibility",
          "t21"."postcode",
          "t21"."lsoa21_code",
          "t21"."age",
          "t21"."sex",
          "t21"."ethnic_category",
          "t21"."treatment_function_code",
          "t21"."main_specialty_code",
          "t21"."diagnosis_all",
          "t21"."procedure_all",
          "t21"."hrg",
          "t21"."spell_hrg",
          "t21"."unbundled_hrg_all",
          "t21"."point_of_delivery",
          "t21"."admission_method",
          "t21"."patient_classification",
          "t21"."source_of_admission",
          "t21"."attendance_status",
          "t21"."first_attendance",
          "t21"."referral_source",
          "t21"."critical_care_unit_function",
          "t21"."administrative_category",
          "t21"."overseas_visitor_charging_category",
          "t21"."start_date",
          "t21"."end_date",
          "t21"."discharge_date",
          "t21"."activity_date",
          "t21"."financial_year",
          "t21"."financial_month",
          "t21"."commissioned_service_category",
          "t21"."service_line_submitted",
          "t21"."mental_health_category",
          "t21"."service_line_sus",
          "t21"."commissioner_submitted",
          "t21"."tariff_code",
          "t21"."national_tariff_indicator",
          "t21"."quantity",
          "t21"."unit_price_submitted",
          "t21"."price_submitted",
          "t21"."mff_submitted",
          "t21"."quantity_plan",
          "t21"."price_plan",
          "t21"."drug_code",
          "t21"."device_code",
          "t21"."supply_route",
          "t21"."approval_id",
          "t21"."referred_via_ras",
          "t21"."section_7a_service",
          "t21"."other_public_health",
          "t21"."armed_forces_fertility_approved",
          "t21"."osv_international_agreement",
          "t21"."appendix_c_service",
          "t21"."setting",
          "t21"."mask",
          "t21"."candidates",
          "t21"."would_match",
          "t21"."rule_tie",
          "t21"."spell_rule_record_id",
          "t21"."linked_tie",
          "t21"."rule_id",
          "t21"."rule_status",
          "t21"."service_line_derived",
          "t21"."service_basis",
          "t21"."service_line_final",
          "t21"."service_note",
          "t21"."counted",
          "t21"."assignment_date",
          "t21"."population_icb",
          "t21"."population_sub_icb",
          "t21"."population_method",
          "t21"."commissioner_code",
          "t21"."payer_code",
          "t21"."payer_kind",
          "t21"."assignment_box",
          "t21"."assignment_label",
          "t21"."lookup_method",
          "t21"."accountable_body",
          "t21"."contracting_host",
          "t21"."delegation_status",
          "t21"."pss_line",
          "t21"."npoc_code",
          "t21"."method",
          "t21"."box_path",
          "t21"."not_answerable",
          "t21"."lookups",
          "t21"."options",
          "t21"."reassignment_code",
          "t21"."commissioner_read",
          "t21"."commissioner_kind",
          COALESCE("t21"."price_group", '') AS "price_group",
          "t21"."currency_field",
          "t21"."top_up_applies",
          "t21"."market_forces_applies",
          "t21"."pod_basis",
          COALESCE(
            CASE
              WHEN "t21"."pod_basis" = 'priced'
              THEN CASE
                WHEN "t21"."currency_field" = 'treatment_function_code'
                THEN "t21"."treatment_function_code"
                ELSE "t21"."hrg"
              END
              ELSE ''
            END,
            ''
          ) AS "currency_code",
          CASE
            WHEN "t21"."flow" IN ('apc_episode', 'iap', 'prior_approval')
            THEN 'none'
            WHEN "t21"."component" <> 'activity'
            THEN 'pass_through'
            ELSE COALESCE("t21"."pod_basis", 'submitted')
          END AS "treatment"
        FROM (
          SELECT
            "t20"."row_key",
            "t20"."record_id",
            "t20"."submission_id",
            "t20"."source_id",
            "t20"."row_number",
            "t20"."flow",
            "t20"."fate",
            "t20"."component",
            "t20"."spell_id",
            "t20"."episode_id",
            "t20"."attendance_id",
            "t20"."cds_type",
            "t20"."cds_unique_id",
            "t20"."provider_code",
            "t20"."site_code",
            "t20"."patient_id",
            "t20"."withheld_identity_reason",
            "t20"."gp_practice_code",
            "t20"."gp_practice_responsibility",
            "t20"."residence_responsibility",
            "t20"."postcode",
            "t20"."lsoa21_code",
            "t20"."age",
            "t20"."sex",
            "t20"."ethnic_category",
            "t20"."treatment_function_code",
            "t20"."main_specialty_code",
            "t20"."diagnosis_all",
            "t20"."procedure_all",
            "t20"."hrg",
            "t20"."spell_hrg",
            "t20"."unbundled_hrg_all",
            "t20"."point_of_delivery",
            "t20"."admission_method",
            "t20"."patient_classification",
            "t20"."source_of_admission",
            "t20"."attendance_status",
            "t20"."first_attendance",
            "t20"."referral_source",
            "t20"."critical_care_unit_function",
            "t20"."administrative_category",
            "t20"."overseas_visitor_charging_category",
            "t20"."start_date",
            "t20"."end_date",
            "t20"."discharge_date",
            "t20"."activity_date",
            "t20"."financial_year",
            "t20"."financial_month",
            "t20"."commissioned_service_category",
            "t20"."service_line_submitted",
            "t20"."mental_health_category",
            "t20"."service_line_sus",
            "t20"."commissioner_submitted",
            "t20"."tariff_code",
            "t20"."national_tariff_indicator",
            "t20"."quantity",
            "t20"."unit_price_submitted",
            "t20"."price_submitted",
            "t20"."mff_submitted",
            "t20"."quantity_plan",
            "t20"."price_plan",
            "t20"."drug_code",
            "t20"."device_code",
            "t20"."supply_route",
            "t20"."approval_id",
            "t20"."referred_via_ras",
            "t20"."section_7a_service",
            "t20"."other_public_health",
            "t20"."armed_forces_fertility_approved",
            "t20"."osv_international_agreement",
            "t20"."appendix_c_service",
            "t20"."setting",
            "t20"."mask",
            "t20"."candidates",
            "t20"."would_match",
            "t20"."rule_tie",
            "t20"."spell_rule_record_id",
            "t20"."linked_tie",
            "t20"."rule_id",
            "t20"."rule_status",
            "t20"."service_line_derived",
            "t20"."service_basis",
            "t20"."service_line_final",
            "t20"."service_note",
            "t20"."counted",
            "t20"."assignment_date",
            "t20"."population_icb",
            "t20"."population_sub_icb",
            "t20"."population_method",
            "t20"."commissioner_code",
            "t20"."payer_code",
            "t20"."payer_kind",
            "t20"."assignment_box",
            "t20"."assignment_label",
            "t20"."lookup_method",
            "t20"."accountable_body",
            "t20"."contracting_host",
            "t20"."delegation_status",
            "t20"."pss_line",
            "t20"."npoc_code",
            "t20"."method",
            "t20"."box_path",
            "t20"."not_answerable",
            "t20"."lookups",
            "t20"."options",
            "t20"."reassignment_code",
            "t20"."commissioner_read",
            "t20"."commissioner_kind",
            "t15"."price_group",
            "t15"."currency_field",
            "t15"."top_up_applies",
            "t15"."market_forces_applies",
            "t15"."pod_basis"
          FROM (
            SELECT
              "t18".*
              EXCLUDE ("category_assigned")
            FROM (
              SELECT
                "t17"."row_key",
                "t17"."record_id",
                "t17"."submission_id",
                "t17"."source_id",
                "t17"."row_number",
                "t17"."flow",
                "t17"."fate",
                "t17"."component",
                "t17"."spell_id",
                "t17"."episode_id",
                "t17"."attendance_id",
                "t17"."cds_type",
                "t17"."cds_unique_id",
                "t17"."provider_code",
                "t17"."site_code",
                "t17"."patient_id",
                "t17"."withheld_identity_reason",
                "t17"."gp_practice_code",
                "t17"."gp_practice_responsibility",
                "t17"."residence_responsibility",
                "t17"."postcode",
                "t17"."lsoa21_code",
                "t17"."age",
                "t17"."sex",
                "t17"."ethnic_category",
                "t17"."treatment_function_code",
                "t17"."main_specialty_code",
                "t17"."diagnosis_all",
                "t17"."procedure_all",
                "t17"."hrg",
                "t17"."spell_hrg",
                "t17"."unbundled_hrg_all",
                "t17"."point_of_delivery",
                "t17"."admission_method",
                "t17"."patient_classification",
                "t17"."source_of_admission",
                "t17"."attendance_status",
                "t17"."first_attendance",
                "t17"."referral_source",
                "t17"."critical_care_unit_function",
                "t17"."administrative_category",
                "t17"."overseas_visitor_charging_category",
                "t17"."start_date",
                "t17"."end_date",
                "t17"."discharge_date",
                "t17"."activity_date",
                "t17"."financial_year",
                "t17"."financial_month",
                "t17"."category_assigned" AS "commissioned_service_category",
                "t17"."service_line_submitted",
                "t17"."mental_health_category",
                "t17"."service_line_sus",
                "t17"."commissioner_submitted",
                "t17"."tariff_code",
                "t17"."national_tariff_indicator",
                "t17"."quantity",
                "t17"."unit_price_submitted",
                "t17"."price_submitted",
                "t17"."mff_submitted",
                "t17"."quantity_plan",
                "t17"."price_plan",
                "t17"."drug_code",
                "t17"."device_code",
                "t17"."supply_route",
                "t17"."approval_id",
                "t17"."referred_via_ras",
                "t17"."section_7a_service",
                "t17"."other_public_health",
                "t17"."armed_forces_fertility_approved",
                "t17"."osv_international_agreement",
                "t17"."appendix_c_service",
                "t17"."setting",
                "t17"."mask",
                "t17"."candidates",
                "t17"."would_match",
                "t17"."rule_tie",
                "t17"."spell_rule_record_id",
                "t17"."linked_tie",
                "t17"."rule_id",
                "t17"."rule_status",
                "t17"."service_line_derived",
                "t17"."service_basis",
                "t17"."service_line_final",
                "t17"."service_note",
                "t17"."counted",
                "t17"."assignment_date",
                "t17"."population_icb",
                "t17"."population_sub_icb",
                "t17"."population_method",
                "t17"."commissioner_code",
                "t17"."payer_code",
                "t17"."payer_kind",
                "t17"."category_assigned",
                "t17"."assignment_box",
                "t17"."assignment_label",
                "t17"."lookup_method",
                "t17"."accountable_body",
                "t17"."contracting_host",
                "t17"."delegation_status",
                "t17"."pss_line",
                "t17"."npoc_code",
                "t17"."method",
                "t17"."box_path",
                "t17"."not_answerable",
                "t17"."lookups",
                "t17"."options",
                "t17"."reassignment_code",
                "t17"."commissioner_read",
                "t17"."commissioner_kind"
              FROM (
                SELECT
                  "t6"."row_key",
                  "t6"."record_id",
                  "t6"."submission_id",
                  "t6"."source_id",
                  "t6"."row_number",
                  "t6"."flow",
                  "t6"."fate",
                  "t6"."component",
                  "t6"."spell_id",
                  "t6"."episode_id",
                  "t6"."attendance_id",
                  "t6"."cds_type",
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
                  "t6"."mask",
                  "t6"."candidates",
                  "t6"."would_match",
                  "t6"."rule_tie",
                  "t6"."spell_rule_record_id",
                  "t6"."linked_tie",
                  "t6"."rule_id",
                  "t6"."rule_status",
                  "t6"."service_line_derived",
                  "t6"."service_basis",
                  "t6"."service_line_final",
                  "t6"."service_note",
                  "t6"."counted",
                  "t16"."assignment_date",
                  "t16"."population_icb",
                  "t16"."population_sub_icb",
                  "t16"."population_method",
                  "t16"."commissioner_code",
                  "t16"."payer_code",
                  "t16"."payer_kind",
                  "t16"."category_assigned",
                  "t16"."assignment_box",
                  "t16"."assignment_label",
                  "t16"."lookup_method",
                  "t16"."accountable_body",
                  "t16"."contracting_host",
                  "t16"."delegation_status",
                  "t16"."pss_line",
                  "t16"."npoc_code",
                  "t16"."method",
                  "t16"."box_path",
                  "t16"."not_answerable",
                  "t16"."lookups",
                  "t16"."options",
                  "t16"."reassignment_code",
                  "t16"."commissioner_read",
                  "t16"."commissioner_kind"
                FROM "identified" AS "t6"
                INNER JOIN (
                  SELECT
                    "t5"."assignment_date",
                    "t5"."population_icb",
                    "t5"."population_sub_icb",
                    "t5"."population_method",
                    "t5"."commissioner_code",
                    "t5"."payer_code",
                    "t5"."payer_kind",
                    "t5"."category_assigned",
                    "t5"."assignment_box",
                    "t5"."assignment_label",
                    "t5"."lookup_method",
                    "t5"."accountable_body",
                    "t5"."contracting_host",
                    "t5"."delegation_status",
                    "t5"."pss_line",
                    "t5"."npoc_code",
                    "t5"."method",
                    "t5"."box_path",
                    "t5"."not_answerable",
                    "t5"."lookups",
                    "t5"."options",
                    "t5"."reassignment_code",
                    "t5"."commissioner_read",
                    "t5"."commissioner_kind",
                    "t5"."row_key" AS "key_0_row_key"
                  FROM "assign_decided" AS "t5"
                ) AS "t16"
                  ON "t6"."row_key" = "t16"."key_0_row_key"
              ) AS "t17"
            ) AS "t18"
          ) AS "t20"
          LEFT OUTER JOIN (
            SELECT
              "t3"."price_group",
              "t3"."currency_field",
              "t3"."top_up_applies",
              "t3"."market_forces_applies",
              "t3"."basis" AS "pod_basis",
              "t3"."point_of_delivery" AS "key_0_point_of_delivery",
              "t3"."valid_from" AS "valid_from_0",
              "t3"."valid_to" AS "valid_to_0"
            FROM "price_methods" AS "t3"
          ) AS "t15"
            ON "t20"."point_of_delivery" = "t15"."key_0_point_of_delivery"
            AND (
              (
                "t15"."valid_from_0" IS NULL
              )
              OR (
                "t15"."valid_from_0" <= "t20"."activity_date"
              )
            )
            AND (
              (
                "t15"."valid_to_0" IS NULL
              )
              OR (
                "t20"."activity_date" < "t15"."valid_to_0"
              )
            )
        ) AS "t21"
      ) AS "t23"
      LEFT OUTER JOIN (
        SELECT
          "t0"."unit_price",
          "t0"."financial_year" AS "key_0_financial_year",
          "t0"."price_group" AS "key_0_price_group",
          "t0"."currency_code" AS "key_0_currency_code"
        FROM "price_units" AS "t0"
      ) AS "t12"
        ON "t23"."financial_year" = "t12"."key_0_financial_year"
        AND "t23"."price_group" = "t12"."key_0_price_group"
        AND "t23"."currency_code" = "t12"."key_0_currency_code"
      LEFT OUTER JOIN (
        SELECT
          "t1"."factor",
          "t1"."provider_code" AS "key_1_provider_code",
          "t1"."financial_year" AS "key_1_financial_year"
        FROM "price_forces" AS "t1"
      ) AS "t13"
        ON "t23"."provider_code" = "t13"."key_1_provider_code"
        AND "t23"."financial_year" = "t13"."key_1_financial_year"
      LEFT OUTER JOIN (
        SELECT
          "t2"."rate",
          "t2"."financial_year" AS "key_2_financial_year",
          "t2"."service_line_code" AS "key_2_service_line_code",
          "t2"."provider_code" AS "key_2_provider_code",
          "t2"."valid_from" AS "valid_from_2",
          "t2"."valid_to" AS "valid_to_2"
        FROM "price_best_top_ups" AS "t2"
      ) AS "t14"
        ON "t23"."financial_year" = "t14"."key_2_financial_year"
        AND "t23"."service_line_final" = "t14"."key_2_service_line_code"
        AND "t23"."provider_code" = "t14"."key_2_provider_code"
        AND (
          (
            "t14"."valid_from_2" IS NULL
          )
          OR (
            "t14"."valid_from_2" <= "t23"."activity_date"
          )
        )
        AND (
          (
            "t14"."valid_to_2" IS NULL
          )
          OR (
            "t23"."activity_date" < "t14"."valid_to_2"
          )
        )
    ) AS "t24"
  ) AS "t25"
) AS "t26"
