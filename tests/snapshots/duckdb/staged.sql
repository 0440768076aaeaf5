SELECT
  "t35".*
  EXCLUDE ("currency_code", "currency_field", "factor", "market_forces_applies", "pod_basis", "price_group", "rate", "top_up_applies", "treatment")
FROM (
  SELECT
    "t34"."record_id",
    "t34"."row_key",
    "t34"."submission_id",
    "t34"."source_id",
    "t34"."row_number",
    "t34"."flow",
    "t34"."fate",
    "t34"."component",
    "t34"."spell_id",
    "t34"."episode_id",
    "t34"."provider_code",
    "t34"."site_code",
    "t34"."patient_id",
    "t34"."gp_practice_code",
    "t34"."lsoa21_code",
    "t34"."age",
    "t34"."sex",
    "t34"."ethnic_category",
    "t34"."treatment_function_code",
    "t34"."hrg",
    "t34"."point_of_delivery",
    "t34"."activity_date",
    "t34"."financial_year",
    "t34"."financial_month",
    "t34"."commissioned_service_category",
    "t34"."service_line_submitted",
    "t34"."service_line_sus",
    "t34"."commissioner_submitted",
    "t34"."quantity",
    "t34"."price_submitted",
    "t34"."quantity_plan",
    "t34"."price_plan",
    "t34"."supply_route",
    "t34"."setting",
    "t34"."candidates",
    "t34"."would_match",
    "t34"."mask",
    "t34"."rule_tie",
    "t34"."spell_rule_record_id",
    "t34"."rule_id",
    "t34"."rule_status",
    "t34"."service_line_derived",
    "t34"."service_basis",
    "t34"."service_line_final",
    "t34"."service_note",
    "t34"."counted",
    "t34"."assignment_date",
    "t34"."population_icb",
    "t34"."population_sub_icb",
    "t34"."population_method",
    "t34"."commissioner_code",
    "t34"."payer_code",
    "t34"."payer_kind",
    "t34"."assignment_box",
    "t34"."assignment_label",
    "t34"."lookup_method",
    "t34"."accountable_body",
    "t34"."contracting_host",
    "t34"."delegation_status",
    "t34"."pss_line",
    "t34"."npoc_code",
    "t34"."method",
    "t34"."box_path",
    "t34"."not_answerable",
    "t34"."lookups",
    "t34"."options",
    "t34"."reassignment_code",
    "t34"."commissioner_read",
    "t34"."commissioner_kind",
    "t34"."price_group",
    "t34"."currency_field",
    "t34"."top_up_applies",
    "t34"."market_forces_applies",
    "t34"."pod_basis",
    "t34"."currency_code",
    "t34"."treatment",
    CASE
      WHEN "t34"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t34"."unit_price" AS DECIMAL(18, 2))
      ELSE CAST(NULL AS DECIMAL(18, 2))
    END AS "unit_price",
    "t34"."factor",
    "t34"."rate",
    CASE
      WHEN "t34"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t34"."top_up" AS DECIMAL(9, 6))
      ELSE CAST(NULL AS DECIMAL(9, 6))
    END AS "top_up",
    "t34"."top_up_line",
    CASE
      WHEN "t34"."price_basis" IN ('national', 'critical_care')
      THEN CAST("t34"."market_forces" AS DECIMAL(9, 6))
      ELSE CAST(NULL AS DECIMAL(9, 6))
    END AS "market_forces",
    "t34"."price_basis",
    "t34"."price_expected",
    COALESCE(
      CASE
        WHEN "t34"."price_basis" IN ('national', 'critical_care')
        THEN 'unit_prices:' || "t34"."financial_year" || ':' || "t34"."price_group" || ':' || "t34"."currency_code"
        ELSE ''
      END,
      ''
    ) AS "price_table",
    COALESCE(
      CASE
        WHEN "t34"."price_basis" IN ('national', 'critical_care')
        THEN '£' || CAST("t34"."unit_price" AS TEXT) || ' x (1 + ' || CAST("t34"."top_up" AS TEXT) || ') x ' || CAST("t34"."market_forces" AS TEXT) || ' x ' || CAST("t34"."quantity" AS TEXT)
        ELSE "t34"."price_basis"
      END,
      ''
    ) AS "price_steps"
  FROM (
    SELECT
      "t33"."record_id",
      "t33"."row_key",
      "t33"."submission_id",
      "t33"."source_id",
      "t33"."row_number",
      "t33"."flow",
      "t33"."fate",
      "t33"."component",
      "t33"."spell_id",
      "t33"."episode_id",
      "t33"."provider_code",
      "t33"."site_code",
      "t33"."patient_id",
      "t33"."gp_practice_code",
      "t33"."lsoa21_code",
      "t33"."age",
      "t33"."sex",
      "t33"."ethnic_category",
      "t33"."treatment_function_code",
      "t33"."hrg",
      "t33"."point_of_delivery",
      "t33"."activity_date",
      "t33"."financial_year",
      "t33"."financial_month",
      "t33"."commissioned_service_category",
      "t33"."service_line_submitted",
      "t33"."service_line_sus",
      "t33"."commissioner_submitted",
      "t33"."quantity",
      "t33"."price_submitted",
      "t33"."quantity_plan",
      "t33"."price_plan",
      "t33"."supply_route",
      "t33"."setting",
      "t33"."candidates",
      "t33"."would_match",
      "t33"."mask",
      "t33"."rule_tie",
      "t33"."spell_rule_record_id",
      "t33"."rule_id",
      "t33"."rule_status",
      "t33"."service_line_derived",
      "t33"."service_basis",
      "t33"."service_line_final",
      "t33"."service_note",
      "t33"."counted",
      "t33"."assignment_date",
      "t33"."population_icb",
      "t33"."population_sub_icb",
      "t33"."population_method",
      "t33"."commissioner_code",
      "t33"."payer_code",
      "t33"."payer_kind",
      "t33"."assignment_box",
      "t33"."assignment_label",
      "t33"."lookup_method",
      "t33"."accountable_body",
      "t33"."contracting_host",
      "t33"."delegation_status",
      "t33"."pss_line",
      "t33"."npoc_code",
      "t33"."method",
      "t33"."box_path",
      "t33"."not_answerable",
      "t33"."lookups",
      "t33"."options",
      "t33"."reassignment_code",
      "t33"."commissioner_read",
      "t33"."commissioner_kind",
      "t33"."price_group",
      "t33"."currency_field",
      "t33"."top_up_applies",
      "t33"."market_forces_applies",
      "t33"."pod_basis",
      "t33"."currency_code",
      "t33"."treatment",
      "t33"."unit_price",
      "t33"."factor",
      "t33"."rate",
      CASE
        WHEN (
          "t33"."top_up_applies" = 'Y'
        ) AND (
          "t33"."rate" IS NOT NULL
        )
        THEN CAST("t33"."rate" AS DECIMAL(7, 6))
        ELSE CAST(0 AS DECIMAL(7, 6))
      END AS "top_up",
      COALESCE(
        CASE
          WHEN (
            "t33"."top_up_applies" = 'Y'
          ) AND (
            "t33"."rate" IS NOT NULL
          )
          THEN "t33"."service_line_final"
          ELSE ''
        END,
        ''
      ) AS "top_up_line",
      CASE
        WHEN (
          "t33"."market_forces_applies" = 'Y'
        ) AND (
          "t33"."factor" IS NOT NULL
        )
        THEN CAST("t33"."factor" AS DECIMAL(7, 6))
        ELSE CAST(1 AS DECIMAL(7, 6))
      END AS "market_forces",
      CASE
        WHEN "t33"."treatment" = 'none'
        THEN 'none'
        WHEN (
          "t33"."treatment" = 'priced'
        )
        AND (
          "t33"."unit_price" IS NOT NULL
        )
        AND (
          "t33"."quantity" IS NOT NULL
        )
        AND (
          "t33"."price_group" = 'critical_care_day'
        )
        THEN 'critical_care'
        WHEN (
          "t33"."treatment" = 'priced'
        )
        AND (
          "t33"."unit_price" IS NOT NULL
        )
        AND (
          "t33"."quantity" IS NOT NULL
        )
        THEN 'national'
        WHEN "t33"."price_submitted" IS NULL
        THEN 'none'
        WHEN "t33"."treatment" IN ('pass_through', 'as_agreed')
        THEN "t33"."treatment"
        ELSE 'submitted'
      END AS "price_basis",
      CASE
        WHEN "t33"."treatment" = 'none'
        THEN CAST(NULL AS DECIMAL(18, 2))
        WHEN (
          "t33"."treatment" = 'priced'
        )
        AND (
          "t33"."unit_price" IS NOT NULL
        )
        AND (
          "t33"."quantity" IS NOT NULL
        )
        THEN CAST(CAST(CAST(CAST(CAST("t33"."unit_price" AS DECIMAL(19, 2)) * "t33"."quantity" AS DECIMAL(32, 5)) AS DECIMAL(22, 5)) * CAST((
          CASE
            WHEN (
              "t33"."top_up_applies" = 'Y'
            ) AND (
              "t33"."rate" IS NOT NULL
            )
            THEN CAST("t33"."rate" AS DECIMAL(7, 6))
            ELSE CAST(0 AS DECIMAL(7, 6))
          END + CAST(1 AS DECIMAL(7, 6))
        ) * CASE
          WHEN (
            "t33"."market_forces_applies" = 'Y'
          ) AND (
            "t33"."factor" IS NOT NULL
          )
          THEN CAST("t33"."factor" AS DECIMAL(7, 6))
          ELSE CAST(1 AS DECIMAL(7, 6))
        END AS DECIMAL(14, 12)) AS DECIMAL(36, 17)) AS DECIMAL(18, 2))
        ELSE CAST("t33"."price_submitted" AS DECIMAL(18, 2))
      END AS "price_expected"
    FROM (
      SELECT
        "t32"."record_id",
        "t32"."row_key",
        "t32"."submission_id",
        "t32"."source_id",
        "t32"."row_number",
        "t32"."flow",
        "t32"."fate",
        "t32"."component",
        "t32"."spell_id",
        "t32"."episode_id",
        "t32"."provider_code",
        "t32"."site_code",
        "t32"."patient_id",
        "t32"."gp_practice_code",
        "t32"."lsoa21_code",
        "t32"."age",
        "t32"."sex",
        "t32"."ethnic_category",
        "t32"."treatment_function_code",
        "t32"."hrg",
        "t32"."point_of_delivery",
        "t32"."activity_date",
        "t32"."financial_year",
        "t32"."financial_month",
        "t32"."commissioned_service_category",
        "t32"."service_line_submitted",
        "t32"."service_line_sus",
        "t32"."commissioner_submitted",
        "t32"."quantity",
        "t32"."price_submitted",
        "t32"."quantity_plan",
        "t32"."price_plan",
        "t32"."supply_route",
        "t32"."setting",
        "t32"."candidates",
        "t32"."would_match",
        "t32"."mask",
        "t32"."rule_tie",
        "t32"."spell_rule_record_id",
        "t32"."rule_id",
        "t32"."rule_status",
        "t32"."service_line_derived",
        "t32"."service_basis",
        "t32"."service_line_final",
        "t32"."service_note",
        "t32"."counted",
        "t32"."assignment_date",
        "t32"."population_icb",
        "t32"."population_sub_icb",
        "t32"."population_method",
        "t32"."commissioner_code",
        "t32"."payer_code",
        "t32"."payer_kind",
        "t32"."assignment_box",
        "t32"."assignment_label",
        "t32"."lookup_method",
        "t32"."accountable_body",
        "t32"."contracting_host",
        "t32"."delegation_status",
        "t32"."pss_line",
        "t32"."npoc_code",
        "t32"."method",
        "t32"."box_path",
        "t32"."not_answerable",
        "t32"."lookups",
        "t32"."options",
        "t32"."reassignment_code",
        "t32"."commissioner_read",
        "t32"."commissioner_kind",
        "t32"."price_group",
        "t32"."currency_field",
        "t32"."top_up_applies",
        "t32"."market_forces_applies",
        "t32"."pod_basis",
        "t32"."currency_code",
        "t32"."treatment",
        "t15"."unit_price",
        "t16"."factor",
        "t17"."rate"
      FROM (
        SELECT
          "t30"."record_id",
          "t30"."row_key",
          "t30"."submission_id",
          "t30"."source_id",
          "t30"."row_number",
          "t30"."flow",
          "t30"."fate",
          "t30"."component",
          "t30"."spell_id",
          "t30"."episode_id",
          "t30"."provider_code",
          "t30"."site_code",
          "t30"."patient_id",
          "t30"."gp_practice_code",
          "t30"."lsoa21_code",
          "t30"."age",
          "t30"."sex",
          "t30"."ethnic_category",
          "t30"."treatment_function_code",
          "t30"."hrg",
          "t30"."point_of_delivery",
          "t30"."activity_date",
          "t30"."financial_year",
          "t30"."financial_month",
          "t30"."commissioned_service_category",
          "t30"."service_line_submitted",
          "t30"."service_line_sus",
          "t30"."commissioner_submitted",
          "t30"."quantity",
          "t30"."price_submitted",
          "t30"."quantity_plan",
          "t30"."price_plan",
          "t30"."supply_route",
          "t30"."setting",
          "t30"."candidates",
          "t30"."would_match",
          "t30"."mask",
          "t30"."rule_tie",
          "t30"."spell_rule_record_id",
          "t30"."rule_id",
          "t30"."rule_status",
          "t30"."service_line_derived",
          "t30"."service_basis",
          "t30"."service_line_final",
          "t30"."service_note",
          "t30"."counted",
          "t30"."assignment_date",
          "t30"."population_icb",
          "t30"."population_sub_icb",
          "t30"."population_method",
          "t30"."commissioner_code",
          "t30"."payer_code",
          "t30"."payer_kind",
          "t30"."assignment_box",
          "t30"."assignment_label",
          "t30"."lookup_method",
          "t30"."accountable_body",
          "t30"."contracting_host",
          "t30"."delegation_status",
          "t30"."pss_line",
          "t30"."npoc_code",
          "t30"."method",
          "t30"."box_path",
          "t30"."not_answerable",
          "t30"."lookups",
          "t30"."options",
          "t30"."reassignment_code",
          "t30"."commissioner_read",
          "t30"."commissioner_kind",
          COALESCE("t30"."price_group", '') AS "price_group",
          "t30"."currency_field",
          "t30"."top_up_applies",
          "t30"."market_forces_applies",
          "t30"."pod_basis",
          COALESCE(
            CASE
              WHEN "t30"."pod_basis" = 'priced'
              THEN CASE
                WHEN "t30"."currency_field" = 'treatment_function_code'
                THEN "t30"."treatment_function_code"
                ELSE "t30"."hrg"
              END
              ELSE ''
            END,
            ''
          ) AS "currency_code",
          CASE
            WHEN "t30"."flow" IN ('apc_episode', 'iap', 'prior_approval')
            THEN 'none'
            WHEN "t30"."component" <> 'activity'
            THEN 'pass_through'
            ELSE COALESCE("t30"."pod_basis", 'submitted')
          END AS "treatment"
        FROM (
          SELECT
            "t29"."record_id",
            "t29"."row_key",
            "t29"."submission_id",
            "t29"."source_id",
            "t29"."row_number",
            "t29"."flow",
            "t29"."fate",
            "t29"."component",
            "t29"."spell_id",
            "t29"."episode_id",
            "t29"."provider_code",
            "t29"."site_code",
            "t29"."patient_id",
            "t29"."gp_practice_code",
            "t29"."lsoa21_code",
            "t29"."age",
            "t29"."sex",
            "t29"."ethnic_category",
            "t29"."treatment_function_code",
            "t29"."hrg",
            "t29"."point_of_delivery",
            "t29"."activity_date",
            "t29"."financial_year",
            "t29"."financial_month",
            "t29"."commissioned_service_category",
            "t29"."service_line_submitted",
            "t29"."service_line_sus",
            "t29"."commissioner_submitted",
            "t29"."quantity",
            "t29"."price_submitted",
            "t29"."quantity_plan",
            "t29"."price_plan",
            "t29"."supply_route",
            "t29"."setting",
            "t29"."candidates",
            "t29"."would_match",
            "t29"."mask",
            "t29"."rule_tie",
            "t29"."spell_rule_record_id",
            "t29"."rule_id",
            "t29"."rule_status",
            "t29"."service_line_derived",
            "t29"."service_basis",
            "t29"."service_line_final",
            "t29"."service_note",
            "t29"."counted",
            "t29"."assignment_date",
            "t29"."population_icb",
            "t29"."population_sub_icb",
            "t29"."population_method",
            "t29"."commissioner_code",
            "t29"."payer_code",
            "t29"."payer_kind",
            "t29"."assignment_box",
            "t29"."assignment_label",
            "t29"."lookup_method",
            "t29"."accountable_body",
            "t29"."contracting_host",
            "t29"."delegation_status",
            "t29"."pss_line",
            "t29"."npoc_code",
            "t29"."method",
            "t29"."box_path",
            "t29"."not_answerable",
            "t29"."lookups",
            "t29"."options",
            "t29"."reassignment_code",
            "t29"."commissioner_read",
            "t29"."commissioner_kind",
            "t18"."price_group",
            "t18"."currency_field",
            "t18"."top_up_applies",
            "t18"."market_forces_applies",
            "t18"."pod_basis"
          FROM (
            SELECT
              "t27".*
              EXCLUDE ("category_assigned")
            FROM (
              SELECT
                "t26"."record_id",
                "t26"."row_key",
                "t26"."submission_id",
                "t26"."source_id",
                "t26"."row_number",
                "t26"."flow",
                "t26"."fate",
                "t26"."component",
                "t26"."spell_id",
                "t26"."episode_id",
                "t26"."provider_code",
                "t26"."site_code",
                "t26"."patient_id",
                "t26"."gp_practice_code",
                "t26"."lsoa21_code",
                "t26"."age",
                "t26"."sex",
                "t26"."ethnic_category",
                "t26"."treatment_function_code",
                "t26"."hrg",
                "t26"."point_of_delivery",
                "t26"."activity_date",
                "t26"."financial_year",
                "t26"."financial_month",
                "t26"."category_assigned" AS "commissioned_service_category",
                "t26"."service_line_submitted",
                "t26"."service_line_sus",
                "t26"."commissioner_submitted",
                "t26"."quantity",
                "t26"."price_submitted",
                "t26"."quantity_plan",
                "t26"."price_plan",
                "t26"."supply_route",
                "t26"."setting",
                "t26"."candidates",
                "t26"."would_match",
                "t26"."mask",
                "t26"."rule_tie",
                "t26"."spell_rule_record_id",
                "t26"."rule_id",
                "t26"."rule_status",
                "t26"."service_line_derived",
                "t26"."service_basis",
                "t26"."service_line_final",
                "t26"."service_note",
                "t26"."counted",
                "t26"."assignment_date",
                "t26"."pop_icb" AS "population_icb",
                "t26"."pop_sub_icb" AS "population_sub_icb",
                "t26"."population_method",
                "t26"."commissioner_code",
                "t26"."payer_code",
                "t26"."payer_kind",
                "t26"."category_assigned",
                "t26"."assignment_box",
                "t26"."assignment_label",
                "t26"."lookup_method",
                CASE
                  WHEN "t26"."payer_kind" IN ('icb', 'nhs_england')
                  AND (
                    "t26"."ac_rule" <> ''
                  )
                  AND (
                    "t26"."ac_rule" = 'nhs_england'
                  )
                  THEN 'X24'
                  WHEN "t26"."payer_kind" IN ('icb', 'nhs_england')
                  AND (
                    "t26"."ac_rule" <> ''
                  )
                  AND (
                    "t26"."ac_rule" = 'secretary_of_state'
                  )
                  THEN 'DHSC'
                  WHEN "t26"."payer_kind" IN ('icb', 'nhs_england')
                  AND (
                    "t26"."ac_rule" <> ''
                  )
                  AND (
                    "t26"."ac_rule" = 'icb_of_population'
                  )
                  THEN CASE WHEN "t26"."pop_icb" <> '' THEN "t26"."pop_icb" ELSE "t26"."payer_code" END
                  ELSE "t26"."payer_code"
                END AS "accountable_body",
                CASE
                  WHEN (
                    "t26"."delegation_status" = 'delegated'
                  )
                  AND "t26"."category_assigned" IN ('25', '26')
                  THEN "t26"."pv_contracting_host"
                  ELSE ''
                END AS "contracting_host",
                "t26"."delegation_status",
                "t26"."ln_pss" AS "pss_line",
                "t26"."ln_npoc" AS "npoc_code",
                "t26"."method",
                "t26"."box_path",
                "t26"."not_answerable",
                CASE
                  WHEN CASE WHEN "t26"."service_line_final" <> '' THEN "t26"."ln_status" ELSE '' END <> ''
                  THEN 'service_status=' || CASE WHEN "t26"."service_line_final" <> '' THEN "t26"."ln_status" ELSE '' END || ';'
                  ELSE ''
                END || CASE
                  WHEN "t26"."pr_sub_icb" <> ''
                  THEN 'practice=' || "t26"."pr_sub_icb" || ';'
                  ELSE ''
                END || CASE
                  WHEN "t26"."pv_sub_icb" <> ''
                  THEN 'provider_place=' || "t26"."pv_sub_icb" || ';'
                  ELSE ''
                END || CASE
                  WHEN "t26"."pv_hub" <> ''
                  THEN 'provider_hub=' || "t26"."pv_hub" || ';'
                  ELSE ''
                END || 'residence=' || "t26"."residence" || CASE
                  WHEN COALESCE(NULLIF("t26"."res_sub_icb", ''), "t26"."res_country") <> ''
                  THEN ':' || COALESCE(NULLIF("t26"."res_sub_icb", ''), "t26"."res_country")
                  ELSE ''
                END AS "lookups",
                CASE
                  WHEN "t26"."ex_note" = ''
                  THEN "t26"."options"
                  WHEN "t26"."options" = ''
                  THEN "t26"."ex_note"
                  ELSE "t26"."options" || ';' || "t26"."ex_note"
                END AS "options",
                "t26"."reassignment_code",
                CASE
                  WHEN "t26"."cs_code" <> ''
                  THEN "t26"."cs_code"
                  ELSE "t26"."commissioner_submitted"
                END AS "commissioner_read",
                "t26"."cs_kind" AS "commissioner_kind"
              FROM (
                SELECT
                  "t25"."record_id",
                  "t25"."row_key",
                  "t25"."submission_id",
                  "t25"."source_id",
                  "t25"."row_number",
                  "t25"."flow",
                  "t25"."fate",
                  "t25"."component",
                  "t25"."spell_id",
                  "t25"."episode_id",
                  "t25"."provider_code",
                  "t25"."site_code",
                  "t25"."patient_id",
                  "t25"."gp_practice_code",
                  "t25"."lsoa21_code",
                  "t25"."age",
                  "t25"."sex",
                  "t25"."ethnic_category",
                  "t25"."treatment_function_code",
                  "t25"."hrg",
                  "t25"."point_of_delivery",
                  "t25"."activity_date",
                  "t25"."financial_year",
                  "t25"."financial_month",
                  "t25"."commissioned_service_category",
                  "t25"."service_line_submitted",
                  "t25"."service_line_sus",
                  "t25"."commissioner_submitted",
                  "t25"."quantity",
                  "t25"."price_submitted",
                  "t25"."quantity_plan",
                  "t25"."price_plan",
                  "t25"."supply_route",
                  "t25"."setting",
                  "t25"."candidates",
                  "t25"."would_match",
                  "t25"."mask",
                  "t25"."rule_tie",
                  "t25"."spell_rule_record_id",
                  "t25"."rule_id",
                  "t25"."rule_status",
                  "t25"."service_line_derived",
                  "t25"."service_basis",
                  "t25"."service_line_final",
                  "t25"."service_note",
                  "t25"."counted",
                  "t25"."period",
                  "t25"."ln_specialised",
                  "t25"."ln_status",
                  "t25"."ln_set",
                  "t25"."ln_pss",
                  "t25"."ln_npoc",
                  "t25"."pr_sub_icb",
                  "t25"."residence",
                  "t25"."res_sub_icb",
                  "t25"."res_country",
                  "t25"."resp_code",
                  "t25"."resp_method",
                  "t25"."resp_icb",
                  "t25"."rp_region",
                  "t25"."rp_delegated",
                  "t25"."pop_icb",
                  "t25"."pop_sub_icb",
                  "t25"."population_method",
                  "t25"."sp_hub",
                  "t25"."pv_sub_icb",
                  "t25"."pv_icb",
                  "t25"."pv_region",
                  "t25"."pv_hub",
                  "t25"."pv_hub_method",
                  "t25"."pv_contracting_host",
                  "t25"."cs_code",
                  "t25"."cs_kind",
                  "t25"."assignment_date",
                  "t25"."rule_key",
                  "t25"."answers",
                  "t25"."unanswerable",
                  "t25"."notes",
                  "t25"."gp_hub",
                  "t25"."gp_hub_method",
                  "t25"."ph_region",
                  "t25"."ph_method",
                  "t25"."board",
                  "t25"."board_method",
                  "t25"."devolved_body",
                  "t25"."devolved_method",
                  "t25"."lad_code",
                  "t25"."lad_method",
                  "t25"."registered_here",
                  "t25"."ac_region",
                  "t25"."method",
                  "t25"."box_path",
                  "t25"."assignment_box",
                  "t25"."outcome",
                  "t25"."assignment_label",
                  CASE
                    WHEN (
                      CASE
                        WHEN CASE
                          WHEN "t25"."assignment_label" = 'tariff_excluded'
                          THEN "t25"."ex_payer_kind"
                          ELSE "t25"."payer_kind"
                        END = 'icb'
                        THEN CASE
                          WHEN (
                            "t25"."outcome" = 'OUT:host_sub_icb'
                          )
                          OR (
                            (
                              "t25"."outcome" = 'OUT:osv_guidance'
                            ) AND NOT (
                              "t25"."registered_here"
                            )
                          )
                          THEN "t25"."pv_icb"
                          ELSE "t25"."resp_icb"
                        END
                        WHEN CASE
                          WHEN "t25"."assignment_label" = 'tariff_excluded'
                          THEN "t25"."ex_payer_kind"
                          ELSE "t25"."payer_kind"
                        END = 'nhs_england'
                        THEN 'X24'
                        WHEN CASE
                          WHEN "t25"."assignment_label" = 'tariff_excluded'
                          THEN "t25"."ex_payer_kind"
                          ELSE "t25"."payer_kind"
                        END = 'none'
                        THEN ''
                        ELSE "t25"."commissioner_code"
                      END = ''
                    )
                    AND (
                      CASE
                        WHEN "t25"."assignment_label" = 'tariff_excluded'
                        THEN "t25"."ex_payer_kind"
                        ELSE "t25"."payer_kind"
                      END <> 'none'
                    )
                    THEN 'none'
                    ELSE CASE
                      WHEN "t25"."assignment_label" = 'tariff_excluded'
                      THEN "t25"."ex_payer_kind"
                      ELSE "t25"."payer_kind"
                    END
                  END AS "payer_kind",
                  "t25"."category_assigned",
                  "t25"."not_answerable",
                  "t25"."options",
                  "t25"."ex_payer_kind",
                  "t25"."ex_note",
                  "t25"."ac_rule",
                  "t25"."commissioner_code",
                  "t25"."lookup_method",
                  "t25"."delegation_status",
                  "t25"."reassignment_code",
                  CASE
                    WHEN CASE
                      WHEN "t25"."assignment_label" = 'tariff_excluded'
                      THEN "t25"."ex_payer_kind"
                      ELSE "t25"."payer_kind"
                    END = 'icb'
                    THEN CASE
                      WHEN (
                        "t25"."outcome" = 'OUT:host_sub_icb'
                      )
                      OR (
                        (
                          "t25"."outcome" = 'OUT:osv_guidance'
                        ) AND NOT (
                          "t25"."registered_here"
                        )
                      )
                      THEN "t25"."pv_icb"
                      ELSE "t25"."resp_icb"
                    END
                    WHEN CASE
                      WHEN "t25"."assignment_label" = 'tariff_excluded'
                      THEN "t25"."ex_payer_kind"
                      ELSE "t25"."payer_kind"
                    END = 'nhs_england'
                    THEN 'X24'
                    WHEN CASE
                      WHEN "t25"."assignment_label" = 'tariff_excluded'
                      THEN "t25"."ex_payer_kind"
                      ELSE "t25"."payer_kind"
                    END = 'none'
                    THEN ''
                    ELSE "t25"."commissioner_code"
                  END AS "payer_code"
                FROM (
                  SELECT
                    "t24"."record_id",
                    "t24"."row_key",
                    "t24"."submission_id",
                    "t24"."source_id",
                    "t24"."row_number",
                    "t24"."flow",
                    "t24"."fate",
                    "t24"."component",
                    "t24"."spell_id",
                    "t24"."episode_id",
                    "t24"."provider_code",
                    "t24"."site_code",
                    "t24"."patient_id",
                    "t24"."gp_practice_code",
                    "t24"."lsoa21_code",
                    "t24"."age",
                    "t24"."sex",
                    "t24"."ethnic_category",
                    "t24"."treatment_function_code",
                    "t24"."hrg",
                    "t24"."point_of_delivery",
                    "t24"."activity_date",
                    "t24"."financial_year",
                    "t24"."financial_month",
                    "t24"."commissioned_service_category",
                    "t24"."service_line_submitted",
                    "t24"."service_line_sus",
                    "t24"."commissioner_submitted",
                    "t24"."quantity",
                    "t24"."price_submitted",
                    "t24"."quantity_plan",
                    "t24"."price_plan",
                    "t24"."supply_route",
                    "t24"."setting",
                    "t24"."candidates",
                    "t24"."would_match",
                    "t24"."mask",
                    "t24"."rule_tie",
                    "t24"."spell_rule_record_id",
                    "t24"."rule_id",
                    "t24"."rule_status",
                    "t24"."service_line_derived",
                    "t24"."service_basis",
                    "t24"."service_line_final",
                    "t24"."service_note",
                    "t24"."counted",
                    "t24"."period",
                    "t24"."ln_specialised",
                    "t24"."ln_status",
                    "t24"."ln_set",
                    "t24"."ln_pss",
                    "t24"."ln_npoc",
                    "t24"."pr_sub_icb",
                    "t24"."residence",
                    "t24"."res_sub_icb",
                    "t24"."res_country",
                    "t24"."resp_code",
                    "t24"."resp_method",
                    "t24"."resp_icb",
                    "t24"."rp_region",
                    "t24"."rp_delegated",
                    "t24"."pop_icb",
                    "t24"."pop_sub_icb",
                    "t24"."population_method",
                    "t24"."sp_hub",
                    "t24"."pv_sub_icb",
                    "t24"."pv_icb",
                    "t24"."pv_region",
                    "t24"."pv_hub",
                    "t24"."pv_hub_method",
                    "t24"."pv_contracting_host",
                    "t24"."cs_code",
                    "t24"."cs_kind",
                    "t24"."assignment_date",
                    "t24"."rule_key",
                    "t24"."answers",
                    "t24"."unanswerable",
                    "t24"."notes",
                    "t24"."gp_hub",
                    "t24"."gp_hub_method",
                    "t24"."ph_region",
                    "t24"."ph_method",
                    "t24"."board",
                    "t24"."board_method",
                    "t24"."devolved_body",
                    "t24"."devolved_method",
                    "t24"."lad_code",
                    "t24"."lad_method",
                    "t24"."registered_here",
                    "t24"."ac_region",
                    "t24"."method",
                    "t24"."box_path",
                    "t24"."assignment_box",
                    "t24"."outcome",
                    "t24"."assignment_label",
                    "t24"."payer_kind",
                    "t24"."category_assigned",
                    "t24"."not_answerable",
                    "t24"."options",
                    COALESCE("t24"."ex_payer_kind", 'none') AS "ex_payer_kind",
                    COALESCE("t24"."ex_note", '') AS "ex_note",
                    COALESCE("t24"."ac_rule", '') AS "ac_rule",
                    CASE
                      WHEN (
                        "t24"."outcome" = 'OUT:responsible_sub_icb'
                      )
                      OR (
                        (
                          "t24"."outcome" = 'OUT:osv_guidance'
                        ) AND "t24"."registered_here"
                      )
                      THEN CASE WHEN "t24"."resp_method" = 'icb_only' THEN '' ELSE "t24"."resp_code" END
                      WHEN (
                        "t24"."outcome" = 'OUT:host_sub_icb'
                      )
                      OR (
                        (
                          "t24"."outcome" = 'OUT:osv_guidance'
                        ) AND NOT (
                          "t24"."registered_here"
                        )
                      )
                      THEN "t24"."pv_sub_icb"
                      WHEN "t24"."outcome" = 'OUT:specialised_hub_provider'
                      THEN "t24"."pv_hub"
                      WHEN "t24"."outcome" = 'OUT:specialised_hub_gp_practice'
                      THEN "t24"."gp_hub"
                      WHEN "t24"."outcome" = 'OUT:armed_forces_hub'
                      THEN '13Q'
                      WHEN "t24"."outcome" = 'OUT:health_justice_hub'
                      THEN "t24"."sp_hub"
                      WHEN "t24"."outcome" = 'OUT:public_health_region'
                      THEN "t24"."ph_region"
                      WHEN "t24"."outcome" = 'OUT:local_authority'
                      THEN "t24"."lad_code"
                      WHEN "t24"."outcome" = 'OUT:devolved_board'
                      THEN "t24"."board"
                      WHEN "t24"."outcome" = 'OUT:devolved_specialised'
                      THEN "t24"."devolved_body"
                      WHEN "t24"."outcome" = 'OUT:private_or_cov'
                      THEN 'VPP00'
                      ELSE ''
                    END AS "commissioner_code",
                    CASE
                      WHEN (
                        CASE
                          WHEN (
                            "t24"."outcome" = 'OUT:responsible_sub_icb'
                          )
                          OR (
                            (
                              "t24"."outcome" = 'OUT:osv_guidance'
                            ) AND "t24"."registered_here"
                          )
                          THEN CASE WHEN "t24"."resp_method" = 'icb_only' THEN '' ELSE "t24"."resp_code" END
                          WHEN (
                            "t24"."outcome" = 'OUT:host_sub_icb'
                          )
                          OR (
                            (
                              "t24"."outcome" = 'OUT:osv_guidance'
                            ) AND NOT (
                              "t24"."registered_here"
                            )
                          )
                          THEN "t24"."pv_sub_icb"
                          WHEN "t24"."outcome" = 'OUT:specialised_hub_provider'
                          THEN "t24"."pv_hub"
                          WHEN "t24"."outcome" = 'OUT:specialised_hub_gp_practice'
                          THEN "t24"."gp_hub"
                          WHEN "t24"."outcome" = 'OUT:armed_forces_hub'
                          THEN '13Q'
                          WHEN "t24"."outcome" = 'OUT:health_justice_hub'
                          THEN "t24"."sp_hub"
                          WHEN "t24"."outcome" = 'OUT:public_health_region'
                          THEN "t24"."ph_region"
                          WHEN "t24"."outcome" = 'OUT:local_authority'
                          THEN "t24"."lad_code"
                          WHEN "t24"."outcome" = 'OUT:devolved_board'
                          THEN "t24"."board"
                          WHEN "t24"."outcome" = 'OUT:devolved_specialised'
                          THEN "t24"."devolved_body"
                          WHEN "t24"."outcome" = 'OUT:private_or_cov'
                          THEN 'VPP00'
                          ELSE ''
                        END <> ''
                      )
                      OR (
                        (
                          (
                            "t24"."outcome" = 'OUT:responsible_sub_icb'
                          )
                          OR (
                            (
                              "t24"."outcome" = 'OUT:osv_guidance'
                            ) AND "t24"."registered_here"
                          )
                        )
                        AND (
                          CASE
                            WHEN (
                              "t24"."outcome" = 'OUT:responsible_sub_icb'
                            )
                            OR (
                              (
                                "t24"."outcome" = 'OUT:osv_guidance'
                              ) AND "t24"."registered_here"
                            )
                            THEN "t24"."resp_method"
                            WHEN (
                              "t24"."outcome" = 'OUT:host_sub_icb'
                            )
                            OR (
                              (
                                "t24"."outcome" = 'OUT:osv_guidance'
                              ) AND NOT (
                                "t24"."registered_here"
                              )
                            )
                            THEN 'provider_address'
                            WHEN "t24"."outcome" = 'OUT:specialised_hub_provider'
                            THEN "t24"."pv_hub_method"
                            WHEN "t24"."outcome" = 'OUT:specialised_hub_gp_practice'
                            THEN "t24"."gp_hub_method"
                            WHEN "t24"."outcome" = 'OUT:armed_forces_hub'
                            THEN 'national_code'
                            WHEN "t24"."outcome" = 'OUT:health_justice_hub'
                            THEN 'site_postcode'
                            WHEN "t24"."outcome" = 'OUT:public_health_region'
                            THEN "t24"."ph_method"
                            WHEN "t24"."outcome" = 'OUT:local_authority'
                            THEN "t24"."lad_method"
                            WHEN "t24"."outcome" = 'OUT:devolved_board'
                            THEN "t24"."board_method"
                            WHEN "t24"."outcome" = 'OUT:devolved_specialised'
                            THEN "t24"."devolved_method"
                            WHEN "t24"."outcome" = 'OUT:private_or_cov'
                            THEN 'default_code'
                            ELSE ''
                          END = 'icb_only'
                        )
                      )
                      THEN CASE
                        WHEN (
                          "t24"."outcome" = 'OUT:responsible_sub_icb'
                        )
                        OR (
                          (
                            "t24"."outcome" = 'OUT:osv_guidance'
                          ) AND "t24"."registered_here"
                        )
                        THEN "t24"."resp_method"
                        WHEN (
                          "t24"."outcome" = 'OUT:host_sub_icb'
                        )
                        OR (
                          (
                            "t24"."outcome" = 'OUT:osv_guidance'
                          ) AND NOT (
                            "t24"."registered_here"
                          )
                        )
                        THEN 'provider_address'
                        WHEN "t24"."outcome" = 'OUT:specialised_hub_provider'
                        THEN "t24"."pv_hub_method"
                        WHEN "t24"."outcome" = 'OUT:specialised_hub_gp_practice'
                        THEN "t24"."gp_hub_method"
                        WHEN "t24"."outcome" = 'OUT:armed_forces_hub'
                        THEN 'national_code'
                        WHEN "t24"."outcome" = 'OUT:health_justice_hub'
                        THEN 'site_postcode'
                        WHEN "t24"."outcome" = 'OUT:public_health_region'
                        THEN "t24"."ph_method"
                        WHEN "t24"."outcome" = 'OUT:local_authority'
                        THEN "t24"."lad_method"
                        WHEN "t24"."outcome" = 'OUT:devolved_board'
                        THEN "t24"."board_method"
                        WHEN "t24"."outcome" = 'OUT:devolved_specialised'
                        THEN "t24"."devolved_method"
                        WHEN "t24"."outcome" = 'OUT:private_or_cov'
                        THEN 'default_code'
                        ELSE ''
                      END
                      ELSE ''
                    END AS "lookup_method",
                    CASE
                      WHEN "t24"."service_line_final" = ''
                      THEN 'none'
                      WHEN NOT (
                        "t24"."ln_specialised"
                      )
                      THEN 'other'
                      WHEN (
                        "t24"."ln_status" = 'green'
                      ) AND "t24"."rp_delegated"
                      THEN 'delegated'
                      WHEN "t24"."ln_status" IN ('green', 'amber', 'red', 'blue')
                      THEN 'retained'
                      ELSE 'other'
                    END AS "delegation_status",
                    '' AS "reassignment_code"
                  FROM (
                    SELECT
                      "t23"."record_id",
                      "t23"."row_key",
                      "t23"."submission_id",
                      "t23"."source_id",
                      "t23"."row_number",
                      "t23"."flow",
                      "t23"."fate",
                      "t23"."component",
                      "t23"."spell_id",
                      "t23"."episode_id",
                      "t23"."provider_code",
                      "t23"."site_code",
                      "t23"."patient_id",
                      "t23"."gp_practice_code",
                      "t23"."lsoa21_code",
                      "t23"."age",
                      "t23"."sex",
                      "t23"."ethnic_category",
                      "t23"."treatment_function_code",
                      "t23"."hrg",
                      "t23"."point_of_delivery",
                      "t23"."activity_date",
                      "t23"."financial_year",
                      "t23"."financial_month",
                      "t23"."commissioned_service_category",
                      "t23"."service_line_submitted",
                      "t23"."service_line_sus",
                      "t23"."commissioner_submitted",
                      "t23"."quantity",
                      "t23"."price_submitted",
                      "t23"."quantity_plan",
                      "t23"."price_plan",
                      "t23"."supply_route",
                      "t23"."setting",
                      "t23"."candidates",
                      "t23"."would_match",
                      "t23"."mask",
                      "t23"."rule_tie",
                      "t23"."spell_rule_record_id",
                      "t23"."rule_id",
                      "t23"."rule_status",
                      "t23"."service_line_derived",
                      "t23"."service_basis",
                      "t23"."service_line_final",
                      "t23"."service_note",
                      "t23"."counted",
                      "t23"."period",
                      "t23"."ln_specialised",
                      "t23"."ln_status",
                      "t23"."ln_set",
                      "t23"."ln_pss",
                      "t23"."ln_npoc",
                      "t23"."pr_sub_icb",
                      "t23"."residence",
                      "t23"."res_sub_icb",
                      "t23"."res_country",
                      "t23"."resp_code",
                      "t23"."resp_method",
                      "t23"."resp_icb",
                      "t23"."rp_region",
                      "t23"."rp_delegated",
                      "t23"."pop_icb",
                      "t23"."pop_sub_icb",
                      "t23"."population_method",
                      "t23"."sp_hub",
                      "t23"."pv_sub_icb",
                      "t23"."pv_icb",
                      "t23"."pv_region",
                      "t23"."pv_hub",
                      "t23"."pv_hub_method",
                      "t23"."pv_contracting_host",
                      "t23"."cs_code",
                      "t23"."cs_kind",
                      "t23"."assignment_date",
                      "t23"."rule_key",
                      "t23"."answers",
                      "t23"."unanswerable",
                      "t23"."notes",
                      "t23"."gp_hub",
                      "t23"."gp_hub_method",
                      "t23"."ph_region",
                      "t23"."ph_method",
                      "t23"."board",
                      "t23"."board_method",
                      "t23"."devolved_body",
                      "t23"."devolved_method",
                      "t23"."lad_code",
                      "t23"."lad_method",
                      "t23"."registered_here",
                      "t23"."ac_region",
                      "t19"."method",
                      "t19"."box_path",
                      "t19"."assignment_box",
                      "t19"."outcome",
                      "t19"."assignment_label",
                      "t19"."payer_kind",
                      "t19"."category_assigned",
                      "t19"."not_answerable",
                      "t19"."options",
                      "t20"."ex_payer_kind",
                      "t20"."ex_note",
                      "t21"."ac_rule"
                    FROM (
                      SELECT
                        "t4"."record_id",
                        "t4"."row_key",
                        "t4"."submission_id",
                        "t4"."source_id",
                        "t4"."row_number",
                        "t4"."flow",
                        "t4"."fate",
                        "t4"."component",
                        "t4"."spell_id",
                        "t4"."episode_id",
                        "t4"."provider_code",
                        "t4"."site_code",
                        "t4"."patient_id",
                        "t4"."gp_practice_code",
                        "t4"."lsoa21_code",
                        "t4"."age",
                        "t4"."sex",
                        "t4"."ethnic_category",
                        "t4"."treatment_function_code",
                        "t4"."hrg",
                        "t4"."point_of_delivery",
                        "t4"."activity_date",
                        "t4"."financial_year",
                        "t4"."financial_month",
                        "t4"."commissioned_service_category",
                        "t4"."service_line_submitted",
                        "t4"."service_line_sus",
                        "t4"."commissioner_submitted",
                        "t4"."quantity",
                        "t4"."price_submitted",
                        "t4"."quantity_plan",
                        "t4"."price_plan",
                        "t4"."supply_route",
                        "t4"."setting",
                        "t4"."candidates",
                        "t4"."would_match",
                        "t4"."mask",
                        "t4"."rule_tie",
                        "t4"."spell_rule_record_id",
                        "t4"."rule_id",
                        "t4"."rule_status",
                        "t4"."service_line_derived",
                        "t4"."service_basis",
                        "t4"."service_line_final",
                        "t4"."service_note",
                        "t4"."counted",
                        "t4"."period",
                        "t4"."ln_specialised",
                        "t4"."ln_status",
                        "t4"."ln_set",
                        "t4"."ln_pss",
                        "t4"."ln_npoc",
                        "t4"."pr_sub_icb",
                        "t4"."residence",
                        "t4"."res_sub_icb",
                        "t4"."res_country",
                        "t4"."resp_code",
                        "t4"."resp_method",
                        "t4"."resp_icb",
                        "t4"."rp_region",
                        "t4"."rp_delegated",
                        "t4"."pop_icb",
                        "t4"."pop_sub_icb",
                        "t4"."population_method",
                        "t4"."sp_hub",
                        "t4"."pv_sub_icb",
                        "t4"."pv_icb",
                        "t4"."pv_region",
                        "t4"."pv_hub",
                        "t4"."pv_hub_method",
                        "t4"."pv_contracting_host",
                        "t4"."cs_code",
                        "t4"."cs_kind",
                        "t4"."assignment_date",
                        "t4"."rule_key",
                        "t4"."answers",
                        "t4"."unanswerable",
                        "t4"."notes",
                        "t4"."gp_hub",
                        "t4"."gp_hub_method",
                        "t4"."ph_region",
                        "t4"."ph_method",
                        "t4"."board",
                        "t4"."board_method",
                        "t4"."devolved_body",
                        "t4"."devolved_method",
                        "t4"."lad_code",
                        "t4"."lad_method",
                        "t4"."registered_here",
                        CASE WHEN "t4"."rp_region" <> '' THEN "t4"."rp_region" ELSE "t4"."pv_region" END AS "ac_region"
                      FROM "assign_asked" AS "t4"
                    ) AS "t23"
                    INNER JOIN (
                      SELECT
                        "t5"."method",
                        "t5"."box_path",
                        "t5"."assignment_box",
                        "t5"."outcome",
                        "t5"."assignment_label",
                        "t5"."payer_kind",
                        "t5"."category_assigned",
                        "t5"."not_answerable",
                        "t5"."options",
                        "t5"."rule_key" AS "key_0_rule_key",
                        "t5"."answers" AS "key_0_answers",
                        "t5"."unanswerable" AS "key_0_unanswerable",
                        "t5"."notes" AS "key_0_notes"
                      FROM "assign_walks" AS "t5"
                    ) AS "t19"
                      ON "t23"."rule_key" = "t19"."key_0_rule_key"
                      AND "t23"."answers" = "t19"."key_0_answers"
                      AND "t23"."unanswerable" = "t19"."key_0_unanswerable"
                      AND "t23"."notes" = "t19"."key_0_notes"
                    LEFT OUTER JOIN (
                      SELECT
                        "t6"."ex_payer_kind",
                        "t6"."ex_note",
                        "t6"."component" AS "key_1_component",
                        "t6"."commissioned_service_category" AS "key_1_commissioned_service_category",
                        "t6"."supply_route" AS "key_1_supply_route",
                        "t6"."ln_specialised" AS "key_1_ln_specialised",
                        "t6"."period" AS "key_1_period"
                      FROM "assign_excluded" AS "t6"
                    ) AS "t20"
                      ON "t23"."component" = "t20"."key_1_component"
                      AND "t23"."commissioned_service_category" = "t20"."key_1_commissioned_service_category"
                      AND "t23"."supply_route" = "t20"."key_1_supply_route"
                      AND "t23"."ln_specialised" = "t20"."key_1_ln_specialised"
                      AND "t23"."period" = "t20"."key_1_period"
                    LEFT OUTER JOIN (
                      SELECT
                        "t7"."ac_rule",
                        "t7"."service_set" AS "key_2_service_set",
                        "t7"."region" AS "key_2_region",
                        "t7"."period" AS "key_2_period"
                      FROM "assign_accountable" AS "t7"
                    ) AS "t21"
                      ON "t23"."ln_set" = "t21"."key_2_service_set"
                      AND "t23"."ac_region" = "t21"."key_2_region"
                      AND "t23"."period" = "t21"."key_2_period"
                  ) AS "t24"
                ) AS "t25"
              ) AS "t26"
            ) AS "t27"
          ) AS "t29"
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
          ) AS "t18"
            ON "t29"."point_of_delivery" = "t18"."key_0_point_of_delivery"
            AND (
              (
                "t18"."valid_from_0" IS NULL
              )
              OR (
                "t18"."valid_from_0" <= "t29"."activity_date"
              )
            )
            AND (
              (
                "t18"."valid_to_0" IS NULL
              )
              OR (
                "t29"."activity_date" < "t18"."valid_to_0"
              )
            )
        ) AS "t30"
      ) AS "t32"
      LEFT OUTER JOIN (
        SELECT
          "t0"."unit_price",
          "t0"."financial_year" AS "key_0_financial_year",
          "t0"."price_group" AS "key_0_price_group",
          "t0"."currency_code" AS "key_0_currency_code"
        FROM "price_units" AS "t0"
      ) AS "t15"
        ON "t32"."financial_year" = "t15"."key_0_financial_year"
        AND "t32"."price_group" = "t15"."key_0_price_group"
        AND "t32"."currency_code" = "t15"."key_0_currency_code"
      LEFT OUTER JOIN (
        SELECT
          "t1"."factor",
          "t1"."provider_code" AS "key_1_provider_code",
          "t1"."financial_year" AS "key_1_financial_year"
        FROM "price_forces" AS "t1"
      ) AS "t16"
        ON "t32"."provider_code" = "t16"."key_1_provider_code"
        AND "t32"."financial_year" = "t16"."key_1_financial_year"
      LEFT OUTER JOIN (
        SELECT
          "t2"."rate",
          "t2"."financial_year" AS "key_2_financial_year",
          "t2"."service_line_code" AS "key_2_service_line_code",
          "t2"."provider_code" AS "key_2_provider_code",
          "t2"."valid_from" AS "valid_from_2",
          "t2"."valid_to" AS "valid_to_2"
        FROM "price_best_top_ups" AS "t2"
      ) AS "t17"
        ON "t32"."financial_year" = "t17"."key_2_financial_year"
        AND "t32"."service_line_final" = "t17"."key_2_service_line_code"
        AND "t32"."provider_code" = "t17"."key_2_provider_code"
        AND (
          (
            "t17"."valid_from_2" IS NULL
          )
          OR (
            "t17"."valid_from_2" <= "t32"."activity_date"
          )
        )
        AND (
          (
            "t17"."valid_to_2" IS NULL
          )
          OR (
            "t32"."activity_date" < "t17"."valid_to_2"
          )
        )
    ) AS "t33"
  ) AS "t34"
) AS "t35"
