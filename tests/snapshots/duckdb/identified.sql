SELECT
  "t44".*
  EXCLUDE ("excluded", "from_rule", "is_linked", "listed_status", "rule_line", "rule_number", "rule_propagation", "submitted_is_known", "submitted_is_listed", "submitted_kind", "sus_is_service", "sus_kind")
FROM (
  SELECT
    "t43"."record_id",
    "t43"."row_key",
    "t43"."submission_id",
    "t43"."source_id",
    "t43"."row_number",
    "t43"."flow",
    "t43"."fate",
    "t43"."component",
    "t43"."spell_id",
    "t43"."episode_id",
    "t43"."attendance_id",
    "t43"."cds_type",
    "t43"."cds_unique_id",
    "t43"."provider_code",
    "t43"."site_code",
    "t43"."patient_id",
    "t43"."withheld_identity_reason",
    "t43"."gp_practice_code",
    "t43"."gp_practice_responsibility",
    "t43"."residence_responsibility",
    "t43"."postcode",
    "t43"."lsoa21_code",
    "t43"."age",
    "t43"."sex",
    "t43"."ethnic_category",
    "t43"."treatment_function_code",
    "t43"."main_specialty_code",
    "t43"."diagnosis_all",
    "t43"."procedure_all",
    "t43"."hrg",
    "t43"."spell_hrg",
    "t43"."unbundled_hrg_all",
    "t43"."point_of_delivery",
    "t43"."admission_method",
    "t43"."patient_classification",
    "t43"."source_of_admission",
    "t43"."attendance_status",
    "t43"."first_attendance",
    "t43"."referral_source",
    "t43"."critical_care_unit_function",
    "t43"."administrative_category",
    "t43"."overseas_visitor_charging_category",
    "t43"."start_date",
    "t43"."end_date",
    "t43"."discharge_date",
    "t43"."activity_date",
    "t43"."financial_year",
    "t43"."financial_month",
    "t43"."commissioned_service_category",
    "t43"."service_line_submitted",
    "t43"."mental_health_category",
    "t43"."service_line_sus",
    "t43"."commissioner_submitted",
    "t43"."tariff_code",
    "t43"."national_tariff_indicator",
    "t43"."quantity",
    "t43"."unit_price_submitted",
    "t43"."price_submitted",
    "t43"."mff_submitted",
    "t43"."quantity_plan",
    "t43"."price_plan",
    "t43"."drug_code",
    "t43"."device_code",
    "t43"."supply_route",
    "t43"."approval_id",
    "t43"."referred_via_ras",
    "t43"."section_7a_service",
    "t43"."other_public_health",
    "t43"."armed_forces_fertility_approved",
    "t43"."osv_international_agreement",
    "t43"."appendix_c_service",
    "t43"."setting",
    "t43"."candidates",
    "t43"."would_match",
    "t43"."mask",
    "t43"."rule_number",
    "t43"."rule_tie",
    "t43"."spell_rule_record_id",
    "t43"."is_linked",
    COALESCE("t43"."rule_id", '') AS "rule_id",
    "t43"."rule_line",
    COALESCE("t43"."rule_status", '') AS "rule_status",
    "t43"."rule_propagation",
    "t43"."submitted_kind",
    "t43"."sus_kind",
    "t43"."listed_status",
    "t43"."submitted_is_known",
    "t43"."submitted_is_listed",
    "t43"."sus_is_service",
    "t43"."service_line_derived",
    "t43"."excluded",
    "t43"."from_rule",
    "t43"."service_basis",
    CASE "t43"."service_basis"
      WHEN 'derived'
      THEN "t43"."service_line_derived"
      WHEN 'linked'
      THEN "t43"."service_line_derived"
      WHEN 'sus'
      THEN "t43"."service_line_sus"
      WHEN 'submitted'
      THEN "t43"."service_line_submitted"
      ELSE ''
    END AS "service_line_final",
    CASE "t43"."service_basis"
      WHEN 'derived'
      THEN 'the identification rules gave the line'
      WHEN 'linked'
      THEN 'the line of the hospital record it is linked to'
      WHEN 'excluded'
      THEN 'the official tool says the activity is not specialised'
      WHEN 'sus'
      THEN 'no rule held; the line already carried by SUS'
      WHEN 'submitted'
      THEN 'no rule held; the line the provider submitted'
      WHEN 'none'
      THEN 'no rule held and no valid line was submitted'
      ELSE ''
    END AS "service_note"
  FROM (
    SELECT
      "t42"."record_id",
      "t42"."row_key",
      "t42"."submission_id",
      "t42"."source_id",
      "t42"."row_number",
      "t42"."flow",
      "t42"."fate",
      "t42"."component",
      "t42"."spell_id",
      "t42"."episode_id",
      "t42"."attendance_id",
      "t42"."cds_type",
      "t42"."cds_unique_id",
      "t42"."provider_code",
      "t42"."site_code",
      "t42"."patient_id",
      "t42"."withheld_identity_reason",
      "t42"."gp_practice_code",
      "t42"."gp_practice_responsibility",
      "t42"."residence_responsibility",
      "t42"."postcode",
      "t42"."lsoa21_code",
      "t42"."age",
      "t42"."sex",
      "t42"."ethnic_category",
      "t42"."treatment_function_code",
      "t42"."main_specialty_code",
      "t42"."diagnosis_all",
      "t42"."procedure_all",
      "t42"."hrg",
      "t42"."spell_hrg",
      "t42"."unbundled_hrg_all",
      "t42"."point_of_delivery",
      "t42"."admission_method",
      "t42"."patient_classification",
      "t42"."source_of_admission",
      "t42"."attendance_status",
      "t42"."first_attendance",
      "t42"."referral_source",
      "t42"."critical_care_unit_function",
      "t42"."administrative_category",
      "t42"."overseas_visitor_charging_category",
      "t42"."start_date",
      "t42"."end_date",
      "t42"."discharge_date",
      "t42"."activity_date",
      "t42"."financial_year",
      "t42"."financial_month",
      "t42"."commissioned_service_category",
      "t42"."service_line_submitted",
      "t42"."mental_health_category",
      "t42"."service_line_sus",
      "t42"."commissioner_submitted",
      "t42"."tariff_code",
      "t42"."national_tariff_indicator",
      "t42"."quantity",
      "t42"."unit_price_submitted",
      "t42"."price_submitted",
      "t42"."mff_submitted",
      "t42"."quantity_plan",
      "t42"."price_plan",
      "t42"."drug_code",
      "t42"."device_code",
      "t42"."supply_route",
      "t42"."approval_id",
      "t42"."referred_via_ras",
      "t42"."section_7a_service",
      "t42"."other_public_health",
      "t42"."armed_forces_fertility_approved",
      "t42"."osv_international_agreement",
      "t42"."appendix_c_service",
      "t42"."setting",
      "t42"."candidates",
      "t42"."would_match",
      "t42"."mask",
      "t42"."rule_number",
      "t42"."rule_tie",
      "t42"."spell_rule_record_id",
      "t42"."is_linked",
      "t42"."rule_id",
      "t42"."rule_line",
      "t42"."rule_status",
      "t42"."rule_propagation",
      "t42"."submitted_kind",
      "t42"."sus_kind",
      "t42"."listed_status",
      (
        "t42"."submitted_kind" IS NOT NULL
      )
      AND (
        "t42"."service_line_submitted" <> '99999999'
      ) AS "submitted_is_known",
      COALESCE("t42"."submitted_kind" = 'service', FALSE)
      AND (
        "t42"."listed_status" IS NOT NULL
      ) AS "submitted_is_listed",
      COALESCE("t42"."sus_kind" = 'service', FALSE) AS "sus_is_service",
      COALESCE(
        CASE
          WHEN (
            "t42"."rule_number" IS NULL
          )
          OR (
            "t42"."rule_propagation" = 'not_specialised'
          )
          THEN ''
          ELSE CASE
            WHEN "t42"."rule_line" = '*'
            THEN "t42"."service_line_submitted"
            ELSE "t42"."rule_line"
          END
        END,
        ''
      ) AS "service_line_derived",
      COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE) AS "excluded",
      (
        "t42"."rule_number" IS NOT NULL
      )
      AND (
        COALESCE("t42"."rule_line", '') <> '*'
      )
      AND NOT (
        COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
      ) AS "from_rule",
      CASE
        WHEN COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
        THEN 'excluded'
        WHEN "t42"."flow" IN ('apc_episode', 'apc_spell', 'op', 'cc_adult', 'cc_paediatric', 'cc_neonatal')
        THEN CASE
          WHEN (
            "t42"."rule_number" IS NOT NULL
          )
          AND (
            COALESCE("t42"."rule_line", '') <> '*'
          )
          AND NOT (
            COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
          )
          AND NOT (
            "t42"."is_linked"
          )
          THEN 'derived'
          ELSE CASE
            WHEN COALESCE("t42"."sus_kind" = 'service', FALSE)
            THEN 'sus'
            ELSE CASE
              WHEN COALESCE("t42"."submitted_kind" = 'service', FALSE)
              AND (
                "t42"."listed_status" IS NOT NULL
              )
              THEN 'submitted'
              ELSE 'none'
            END
          END
        END
        WHEN "t42"."flow" IN ('plcm')
        THEN CASE
          WHEN "t42"."is_linked"
          AND (
            (
              "t42"."rule_number" IS NOT NULL
            )
            AND (
              COALESCE("t42"."rule_line", '') <> '*'
            )
            AND NOT (
              COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
            )
          )
          THEN 'linked'
          ELSE CASE
            WHEN (
              "t42"."rule_number" IS NOT NULL
            )
            AND (
              COALESCE("t42"."rule_line", '') <> '*'
            )
            AND NOT (
              COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
            )
            AND NOT (
              "t42"."is_linked"
            )
            THEN 'derived'
            ELSE CASE
              WHEN COALESCE("t42"."submitted_kind" = 'service', FALSE)
              AND (
                "t42"."listed_status" IS NOT NULL
              )
              THEN 'submitted'
              ELSE 'none'
            END
          END
        END
        WHEN "t42"."flow" IN ('acm', 'drplcm', 'deplcm')
        THEN CASE
          WHEN (
            "t42"."rule_number" IS NOT NULL
          )
          AND (
            COALESCE("t42"."rule_line", '') <> '*'
          )
          AND NOT (
            COALESCE("t42"."rule_propagation" = 'not_specialised', FALSE)
          )
          AND NOT (
            "t42"."is_linked"
          )
          THEN 'derived'
          ELSE CASE
            WHEN (
              "t42"."submitted_kind" IS NOT NULL
            )
            AND (
              "t42"."service_line_submitted" <> '99999999'
            )
            THEN 'submitted'
            ELSE 'none'
          END
        END
        WHEN "t42"."flow" IN ('iap', 'ec', 'prior_approval')
        THEN CASE
          WHEN (
            "t42"."submitted_kind" IS NOT NULL
          )
          AND (
            "t42"."service_line_submitted" <> '99999999'
          )
          THEN 'submitted'
          ELSE 'none'
        END
        ELSE 'none'
      END AS "service_basis"
    FROM (
      SELECT
        "t41"."record_id",
        "t41"."row_key",
        "t41"."submission_id",
        "t41"."source_id",
        "t41"."row_number",
        "t41"."flow",
        "t41"."fate",
        "t41"."component",
        "t41"."spell_id",
        "t41"."episode_id",
        "t41"."attendance_id",
        "t41"."cds_type",
        "t41"."cds_unique_id",
        "t41"."provider_code",
        "t41"."site_code",
        "t41"."patient_id",
        "t41"."withheld_identity_reason",
        "t41"."gp_practice_code",
        "t41"."gp_practice_responsibility",
        "t41"."residence_responsibility",
        "t41"."postcode",
        "t41"."lsoa21_code",
        "t41"."age",
        "t41"."sex",
        "t41"."ethnic_category",
        "t41"."treatment_function_code",
        "t41"."main_specialty_code",
        "t41"."diagnosis_all",
        "t41"."procedure_all",
        "t41"."hrg",
        "t41"."spell_hrg",
        "t41"."unbundled_hrg_all",
        "t41"."point_of_delivery",
        "t41"."admission_method",
        "t41"."patient_classification",
        "t41"."source_of_admission",
        "t41"."attendance_status",
        "t41"."first_attendance",
        "t41"."referral_source",
        "t41"."critical_care_unit_function",
        "t41"."administrative_category",
        "t41"."overseas_visitor_charging_category",
        "t41"."start_date",
        "t41"."end_date",
        "t41"."discharge_date",
        "t41"."activity_date",
        "t41"."financial_year",
        "t41"."financial_month",
        "t41"."commissioned_service_category",
        "t41"."service_line_submitted",
        "t41"."mental_health_category",
        "t41"."service_line_sus",
        "t41"."commissioner_submitted",
        "t41"."tariff_code",
        "t41"."national_tariff_indicator",
        "t41"."quantity",
        "t41"."unit_price_submitted",
        "t41"."price_submitted",
        "t41"."mff_submitted",
        "t41"."quantity_plan",
        "t41"."price_plan",
        "t41"."drug_code",
        "t41"."device_code",
        "t41"."supply_route",
        "t41"."approval_id",
        "t41"."referred_via_ras",
        "t41"."section_7a_service",
        "t41"."other_public_health",
        "t41"."armed_forces_fertility_approved",
        "t41"."osv_international_agreement",
        "t41"."appendix_c_service",
        "t41"."setting",
        "t41"."candidates",
        "t41"."would_match",
        "t41"."mask",
        "t41"."rule_number",
        "t41"."rule_tie",
        "t41"."spell_rule_record_id",
        "t41"."is_linked",
        "t19"."rule_id",
        "t19"."rule_line",
        "t19"."rule_status",
        "t19"."rule_propagation",
        "t20"."submitted_kind",
        "t21"."sus_kind",
        "t30"."listed_status"
      FROM (
        SELECT
          "t39".*
          EXCLUDE ("linked_number", "linked_tie")
        FROM (
          SELECT
            "t38"."record_id",
            "t38"."row_key",
            "t38"."submission_id",
            "t38"."source_id",
            "t38"."row_number",
            "t38"."flow",
            "t38"."fate",
            "t38"."component",
            "t38"."spell_id",
            "t38"."episode_id",
            "t38"."attendance_id",
            "t38"."cds_type",
            "t38"."cds_unique_id",
            "t38"."provider_code",
            "t38"."site_code",
            "t38"."patient_id",
            "t38"."withheld_identity_reason",
            "t38"."gp_practice_code",
            "t38"."gp_practice_responsibility",
            "t38"."residence_responsibility",
            "t38"."postcode",
            "t38"."lsoa21_code",
            "t38"."age",
            "t38"."sex",
            "t38"."ethnic_category",
            "t38"."treatment_function_code",
            "t38"."main_specialty_code",
            "t38"."diagnosis_all",
            "t38"."procedure_all",
            "t38"."hrg",
            "t38"."spell_hrg",
            "t38"."unbundled_hrg_all",
            "t38"."point_of_delivery",
            "t38"."admission_method",
            "t38"."patient_classification",
            "t38"."source_of_admission",
            "t38"."attendance_status",
            "t38"."first_attendance",
            "t38"."referral_source",
            "t38"."critical_care_unit_function",
            "t38"."administrative_category",
            "t38"."overseas_visitor_charging_category",
            "t38"."start_date",
            "t38"."end_date",
            "t38"."discharge_date",
            "t38"."activity_date",
            "t38"."financial_year",
            "t38"."financial_month",
            "t38"."commissioned_service_category",
            "t38"."service_line_submitted",
            "t38"."mental_health_category",
            "t38"."service_line_sus",
            "t38"."commissioner_submitted",
            "t38"."tariff_code",
            "t38"."national_tariff_indicator",
            "t38"."quantity",
            "t38"."unit_price_submitted",
            "t38"."price_submitted",
            "t38"."mff_submitted",
            "t38"."quantity_plan",
            "t38"."price_plan",
            "t38"."drug_code",
            "t38"."device_code",
            "t38"."supply_route",
            "t38"."approval_id",
            "t38"."referred_via_ras",
            "t38"."section_7a_service",
            "t38"."other_public_health",
            "t38"."armed_forces_fertility_approved",
            "t38"."osv_international_agreement",
            "t38"."appendix_c_service",
            "t38"."setting",
            "t38"."candidates",
            "t38"."would_match",
            "t38"."mask",
            COALESCE(
              CASE
                WHEN "t38"."flow" IN ('plcm')
                THEN "t38"."linked_number"
                ELSE CAST(NULL AS INT)
              END,
              "t38"."rule_number"
            ) AS "rule_number",
            CASE
              WHEN CASE
                WHEN "t38"."flow" IN ('plcm')
                THEN "t38"."linked_number"
                ELSE CAST(NULL AS INT)
              END IS NOT NULL
              THEN "t38"."linked_tie"
              ELSE "t38"."rule_tie"
            END AS "rule_tie",
            "t38"."spell_rule_record_id",
            "t38"."linked_number",
            "t38"."linked_tie",
            CASE
              WHEN "t38"."flow" IN ('plcm')
              THEN "t38"."linked_number"
              ELSE CAST(NULL AS INT)
            END IS NOT NULL AS "is_linked"
          FROM (
            SELECT
              "t37".*
              EXCLUDE ("care_flow", "care_number", "care_tie", "cds_number", "cds_tie", "holding", "own_rule_number", "own_spell_id", "own_tie", "rolls_up", "spell_number", "spell_record_id", "spell_tie", "visit_number", "visit_tie")
            FROM (
              SELECT
                "t36"."record_id",
                "t36"."row_key",
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
                "t36"."holding",
                "t36"."own_spell_id",
                "t36"."rolls_up",
                "t36"."care_flow",
                "t36"."setting",
                "t36"."own_rule_number",
                "t36"."own_tie",
                "t36"."candidates",
                "t36"."would_match",
                "t36"."mask",
                "t36"."spell_number",
                "t36"."spell_record_id",
                "t36"."spell_tie",
                "t36"."cds_number",
                "t36"."cds_tie",
                "t36"."visit_number",
                "t36"."visit_tie",
                "t36"."care_number",
                "t36"."care_tie",
                CASE
                  WHEN (
                    "t36"."spell_number" IS NOT NULL
                  ) AND "t36"."rolls_up"
                  THEN "t36"."spell_number"
                  ELSE CASE
                    WHEN "t36"."flow" = 'apc_spell'
                    THEN CAST(NULL AS INT)
                    ELSE "t36"."own_rule_number"
                  END
                END AS "rule_number",
                COALESCE(
                  CASE
                    WHEN (
                      "t36"."spell_number" IS NOT NULL
                    ) AND "t36"."rolls_up"
                    THEN "t36"."spell_tie"
                    ELSE "t36"."own_tie"
                    AND (
                      CASE
                        WHEN "t36"."flow" = 'apc_spell'
                        THEN CAST(NULL AS INT)
                        ELSE "t36"."own_rule_number"
                      END IS NOT NULL
                    )
                  END,
                  FALSE
                ) AS "rule_tie",
                COALESCE(
                  CASE
                    WHEN (
                      "t36"."spell_number" IS NOT NULL
                    )
                    AND "t36"."rolls_up"
                    AND (
                      "t36"."spell_record_id" <> "t36"."record_id"
                    )
                    THEN "t36"."spell_record_id"
                    ELSE ''
                  END,
                  ''
                ) AS "spell_rule_record_id",
                CASE
                  WHEN "t36"."care_flow" <> ''
                  THEN "t36"."care_number"
                  ELSE COALESCE(
                    "t36"."cds_number",
                    CASE
                      WHEN "t36"."spell_number" IN (-1)
                      THEN CAST(NULL AS INT)
                      ELSE "t36"."spell_number"
                    END,
                    "t36"."visit_number"
                  )
                END AS "linked_number",
                COALESCE(
                  CASE
                    WHEN "t36"."care_flow" <> ''
                    THEN "t36"."care_tie" = 1
                    WHEN "t36"."cds_number" IS NOT NULL
                    THEN "t36"."cds_tie" = 1
                    WHEN CASE
                      WHEN "t36"."spell_number" IN (-1)
                      THEN CAST(NULL AS INT)
                      ELSE "t36"."spell_number"
                    END IS NOT NULL
                    THEN "t36"."spell_tie"
                    ELSE "t36"."visit_tie" = 1
                  END,
                  FALSE
                ) AS "linked_tie"
              FROM (
                SELECT
                  "t35"."record_id",
                  "t35"."row_key",
                  "t35"."submission_id",
                  "t35"."source_id",
                  "t35"."row_number",
                  "t35"."flow",
                  "t35"."fate",
                  "t35"."component",
                  "t35"."spell_id",
                  "t35"."episode_id",
                  "t35"."attendance_id",
                  "t35"."cds_type",
                  "t35"."cds_unique_id",
                  "t35"."provider_code",
                  "t35"."site_code",
                  "t35"."patient_id",
                  "t35"."withheld_identity_reason",
                  "t35"."gp_practice_code",
                  "t35"."gp_practice_responsibility",
                  "t35"."residence_responsibility",
                  "t35"."postcode",
                  "t35"."lsoa21_code",
                  "t35"."age",
                  "t35"."sex",
                  "t35"."ethnic_category",
                  "t35"."treatment_function_code",
                  "t35"."main_specialty_code",
                  "t35"."diagnosis_all",
                  "t35"."procedure_all",
                  "t35"."hrg",
                  "t35"."spell_hrg",
                  "t35"."unbundled_hrg_all",
                  "t35"."point_of_delivery",
                  "t35"."admission_method",
                  "t35"."patient_classification",
                  "t35"."source_of_admission",
                  "t35"."attendance_status",
                  "t35"."first_attendance",
                  "t35"."referral_source",
                  "t35"."critical_care_unit_function",
                  "t35"."administrative_category",
                  "t35"."overseas_visitor_charging_category",
                  "t35"."start_date",
                  "t35"."end_date",
                  "t35"."discharge_date",
                  "t35"."activity_date",
                  "t35"."financial_year",
                  "t35"."financial_month",
                  "t35"."commissioned_service_category",
                  "t35"."service_line_submitted",
                  "t35"."mental_health_category",
                  "t35"."service_line_sus",
                  "t35"."commissioner_submitted",
                  "t35"."tariff_code",
                  "t35"."national_tariff_indicator",
                  "t35"."quantity",
                  "t35"."unit_price_submitted",
                  "t35"."price_submitted",
                  "t35"."mff_submitted",
                  "t35"."quantity_plan",
                  "t35"."price_plan",
                  "t35"."drug_code",
                  "t35"."device_code",
                  "t35"."supply_route",
                  "t35"."approval_id",
                  "t35"."referred_via_ras",
                  "t35"."section_7a_service",
                  "t35"."other_public_health",
                  "t35"."armed_forces_fertility_approved",
                  "t35"."osv_international_agreement",
                  "t35"."appendix_c_service",
                  "t35"."holding",
                  "t35"."own_spell_id",
                  "t35"."rolls_up",
                  "t35"."care_flow",
                  "t23"."setting",
                  "t23"."own_rule_number",
                  "t23"."own_tie",
                  "t23"."candidates",
                  "t23"."would_match",
                  "t23"."mask",
                  "t31"."spell_number",
                  "t31"."spell_record_id",
                  "t31"."spell_tie",
                  "t24"."cds_number",
                  "t24"."cds_tie",
                  "t25"."visit_number",
                  "t25"."visit_tie",
                  "t26"."care_number",
                  "t26"."care_tie"
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
                    "t33"."attendance_id",
                    "t33"."cds_type",
                    "t33"."cds_unique_id",
                    "t33"."provider_code",
                    "t33"."site_code",
                    "t33"."patient_id",
                    "t33"."withheld_identity_reason",
                    "t33"."gp_practice_code",
                    "t33"."gp_practice_responsibility",
                    "t33"."residence_responsibility",
                    "t33"."postcode",
                    "t33"."lsoa21_code",
                    "t33"."age",
                    "t33"."sex",
                    "t33"."ethnic_category",
                    "t33"."treatment_function_code",
                    "t33"."main_specialty_code",
                    "t33"."diagnosis_all",
                    "t33"."procedure_all",
                    "t33"."hrg",
                    "t33"."spell_hrg",
                    "t33"."unbundled_hrg_all",
                    "t33"."point_of_delivery",
                    "t33"."admission_method",
                    "t33"."patient_classification",
                    "t33"."source_of_admission",
                    "t33"."attendance_status",
                    "t33"."first_attendance",
                    "t33"."referral_source",
                    "t33"."critical_care_unit_function",
                    "t33"."administrative_category",
                    "t33"."overseas_visitor_charging_category",
                    "t33"."start_date",
                    "t33"."end_date",
                    "t33"."discharge_date",
                    "t33"."activity_date",
                    "t33"."financial_year",
                    "t33"."financial_month",
                    "t33"."commissioned_service_category",
                    "t33"."service_line_submitted",
                    "t33"."mental_health_category",
                    "t33"."service_line_sus",
                    "t33"."commissioner_submitted",
                    "t33"."tariff_code",
                    "t33"."national_tariff_indicator",
                    "t33"."quantity",
                    "t33"."unit_price_submitted",
                    "t33"."price_submitted",
                    "t33"."mff_submitted",
                    "t33"."quantity_plan",
                    "t33"."price_plan",
                    "t33"."drug_code",
                    "t33"."device_code",
                    "t33"."supply_route",
                    "t33"."approval_id",
                    "t33"."referred_via_ras",
                    "t33"."section_7a_service",
                    "t33"."other_public_health",
                    "t33"."armed_forces_fertility_approved",
                    "t33"."osv_international_agreement",
                    "t33"."appendix_c_service",
                    "t33"."holding",
                    CASE
                      WHEN (
                        "t33"."spell_id" = ''
                      ) AND "t33"."flow" IN ('apc_episode', 'apc_spell')
                      THEN "t33"."record_id"
                      ELSE "t33"."spell_id"
                    END AS "own_spell_id",
                    "t33"."flow" IN ('apc_episode', 'apc_spell') AS "rolls_up",
                    CASE
                      WHEN (
                        "t33"."point_of_delivery" = 'UNBACC'
                      ) OR STARTS_WITH("t33"."hrg", 'XC')
                      THEN 'cc_adult'
                      WHEN (
                        "t33"."point_of_delivery" = 'UNBPCC'
                      ) OR STARTS_WITH("t33"."hrg", 'XB')
                      THEN 'cc_paediatric'
                      WHEN (
                        "t33"."point_of_delivery" = 'UNBNCC'
                      ) OR STARTS_WITH("t33"."hrg", 'XA')
                      THEN 'cc_neonatal'
                      ELSE ''
                    END AS "care_flow"
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
                      "t32"."attendance_id",
                      "t32"."cds_type",
                      "t32"."cds_unique_id",
                      "t32"."provider_code",
                      "t32"."site_code",
                      "t32"."patient_id",
                      "t32"."withheld_identity_reason",
                      "t32"."gp_practice_code",
                      "t32"."gp_practice_responsibility",
                      "t32"."residence_responsibility",
                      "t32"."postcode",
                      "t32"."lsoa21_code",
                      "t32"."age",
                      "t32"."sex",
                      "t32"."ethnic_category",
                      "t32"."treatment_function_code",
                      "t32"."main_specialty_code",
                      "t32"."diagnosis_all",
                      "t32"."procedure_all",
                      "t32"."hrg",
                      "t32"."spell_hrg",
                      "t32"."unbundled_hrg_all",
                      "t32"."point_of_delivery",
                      "t32"."admission_method",
                      "t32"."patient_classification",
                      "t32"."source_of_admission",
                      "t32"."attendance_status",
                      "t32"."first_attendance",
                      "t32"."referral_source",
                      "t32"."critical_care_unit_function",
                      "t32"."administrative_category",
                      "t32"."overseas_visitor_charging_category",
                      "t32"."start_date",
                      "t32"."end_date",
                      "t32"."discharge_date",
                      "t32"."activity_date",
                      "t32"."financial_year",
                      "t32"."financial_month",
                      "t32"."commissioned_service_category",
                      "t32"."service_line_submitted",
                      "t32"."mental_health_category",
                      "t32"."service_line_sus",
                      "t32"."commissioner_submitted",
                      "t32"."tariff_code",
                      "t32"."national_tariff_indicator",
                      "t32"."quantity",
                      "t32"."unit_price_submitted",
                      "t32"."price_submitted",
                      "t32"."mff_submitted",
                      "t32"."quantity_plan",
                      "t32"."price_plan",
                      "t32"."drug_code",
                      "t32"."device_code",
                      "t32"."supply_route",
                      "t32"."approval_id",
                      "t32"."referred_via_ras",
                      "t32"."section_7a_service",
                      "t32"."other_public_health",
                      "t32"."armed_forces_fertility_approved",
                      "t32"."osv_international_agreement",
                      "t32"."appendix_c_service",
                      "t29"."holding"
                    FROM (
                      SELECT
                        *
                      FROM "activity_in" AS "t8"
                      WHERE
                        "t8"."fate" = 'accepted'
                    ) AS "t32"
                    INNER JOIN (
                      SELECT
                        "t9"."holding",
                        "t9"."row_key" AS "key_0_row_key"
                      FROM "identify_holding" AS "t9"
                    ) AS "t29"
                      ON "t32"."row_key" = "t29"."key_0_row_key"
                  ) AS "t33"
                ) AS "t35"
                INNER JOIN (
                  SELECT
                    "t3"."setting",
                    "t3"."own_rule_number",
                    "t3"."own_tie",
                    "t3"."candidates",
                    "t3"."would_match",
                    "t3"."mask",
                    "t3"."holding" AS "key_0_holding"
                  FROM "identify_holdings" AS "t3"
                ) AS "t23"
                  ON "t35"."holding" = "t23"."key_0_holding"
                LEFT OUTER JOIN (
                  SELECT
                    "t10"."spell_number",
                    "t10"."spell_record_id",
                    "t10"."spell_tie",
                    "t10"."spell_id" AS "key_1_spell_id"
                  FROM (
                    SELECT
                      "t7".*
                      EXCLUDE ("makes_specialised")
                    FROM "survey_spells" AS "t7"
                  ) AS "t10"
                ) AS "t31"
                  ON "t35"."own_spell_id" = "t31"."key_1_spell_id"
                LEFT OUTER JOIN (
                  SELECT
                    "t4"."cds_number",
                    "t4"."cds_tie",
                    "t4"."provider_code" AS "key_2_provider_code",
                    "t4"."cds_unique_id" AS "key_2_cds_unique_id"
                  FROM "survey_by_cds" AS "t4"
                ) AS "t24"
                  ON "t35"."provider_code" = "t24"."key_2_provider_code"
                  AND "t35"."cds_unique_id" = "t24"."key_2_cds_unique_id"
                LEFT OUTER JOIN (
                  SELECT
                    "t5"."visit_number",
                    "t5"."visit_tie",
                    "t5"."attendance_id" AS "key_3_attendance_id"
                  FROM "survey_by_visit" AS "t5"
                ) AS "t25"
                  ON "t35"."attendance_id" = "t25"."key_3_attendance_id"
                LEFT OUTER JOIN (
                  SELECT
                    "t6"."care_number",
                    "t6"."care_tie",
                    "t6"."spell_id" AS "key_4_spell_id",
                    "t6"."care_flow" AS "key_4_care_flow"
                  FROM "survey_by_care" AS "t6"
                ) AS "t26"
                  ON "t35"."spell_id" = "t26"."key_4_spell_id"
                  AND "t35"."care_flow" = "t26"."key_4_care_flow"
              ) AS "t36"
            ) AS "t37"
          ) AS "t38"
        ) AS "t39"
      ) AS "t41"
      LEFT OUTER JOIN (
        SELECT
          "t0"."rule_id",
          "t0"."rule_line",
          "t0"."rule_status",
          "t0"."rule_propagation",
          "t0"."rule_number" AS "key_0_rule_number"
        FROM "identify_rules" AS "t0"
      ) AS "t19"
        ON "t41"."rule_number" = "t19"."key_0_rule_number"
      LEFT OUTER JOIN (
        SELECT
          "t1"."code_kind" AS "submitted_kind",
          "t1"."service_line_code" AS "key_1_service_line_code"
        FROM "identify_lines" AS "t1"
      ) AS "t20"
        ON "t41"."service_line_submitted" = "t20"."key_1_service_line_code"
      LEFT OUTER JOIN (
        SELECT
          "t1"."code_kind" AS "sus_kind",
          "t1"."service_line_code" AS "key_2_service_line_code"
        FROM "identify_lines" AS "t1"
      ) AS "t21"
        ON "t41"."service_line_sus" = "t21"."key_2_service_line_code"
      LEFT OUTER JOIN (
        SELECT
          "t2"."delegation_status" AS "listed_status",
          "t2"."service_line_code" AS "key_3_service_line_code",
          "t2"."valid_from" AS "valid_from_3",
          "t2"."valid_to" AS "valid_to_3"
        FROM "identify_listing" AS "t2"
        WHERE
          "t2"."delegation_status" <> 'not_listed'
      ) AS "t30"
        ON "t41"."service_line_submitted" = "t30"."key_3_service_line_code"
        AND (
          (
            "t30"."valid_from_3" IS NULL
          )
          OR (
            "t30"."valid_from_3" <= "t41"."activity_date"
          )
        )
        AND (
          (
            "t30"."valid_to_3" IS NULL
          )
          OR (
            "t41"."activity_date" < "t30"."valid_to_3"
          )
        )
    ) AS "t42"
  ) AS "t43"
) AS "t44"
