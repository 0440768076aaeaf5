SELECT
  "t30".*
  EXCLUDE ("in_directory", "ls_icb", "ls_lad", "ls_region", "ls_sub_icb", "pc_country", "pc_icb", "pc_icb_2026", "pc_lad", "pc_region", "pc_sub_icb", "pr_close_date", "pr_commissioner_from", "pr_commissioner_to", "pr_open_date", "pr_place_country", "pr_place_icb", "pr_place_icb_2026", "pr_place_lad", "pr_place_sub_icb", "practice_known")
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
    "t29"."attendance_id",
    "t29"."cds_type",
    "t29"."cds_unique_id",
    "t29"."provider_code",
    "t29"."site_code",
    "t29"."patient_id",
    "t29"."withheld_identity_reason",
    "t29"."gp_practice_code",
    "t29"."gp_practice_responsibility",
    "t29"."residence_responsibility",
    "t29"."postcode",
    "t29"."lsoa21_code",
    "t29"."age",
    "t29"."sex",
    "t29"."ethnic_category",
    "t29"."treatment_function_code",
    "t29"."main_specialty_code",
    "t29"."diagnosis_all",
    "t29"."procedure_all",
    "t29"."hrg",
    "t29"."spell_hrg",
    "t29"."unbundled_hrg_all",
    "t29"."point_of_delivery",
    "t29"."admission_method",
    "t29"."patient_classification",
    "t29"."source_of_admission",
    "t29"."attendance_status",
    "t29"."first_attendance",
    "t29"."referral_source",
    "t29"."critical_care_unit_function",
    "t29"."administrative_category",
    "t29"."overseas_visitor_charging_category",
    "t29"."start_date",
    "t29"."end_date",
    "t29"."discharge_date",
    "t29"."activity_date",
    "t29"."financial_year",
    "t29"."financial_month",
    "t29"."commissioned_service_category",
    "t29"."service_line_submitted",
    "t29"."mental_health_category",
    "t29"."service_line_sus",
    "t29"."commissioner_submitted",
    "t29"."tariff_code",
    "t29"."national_tariff_indicator",
    "t29"."quantity",
    "t29"."unit_price_submitted",
    "t29"."price_submitted",
    "t29"."mff_submitted",
    "t29"."quantity_plan",
    "t29"."price_plan",
    "t29"."drug_code",
    "t29"."device_code",
    "t29"."supply_route",
    "t29"."approval_id",
    "t29"."referred_via_ras",
    "t29"."section_7a_service",
    "t29"."other_public_health",
    "t29"."armed_forces_fertility_approved",
    "t29"."osv_international_agreement",
    "t29"."appendix_c_service",
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
    "t29"."monitoring",
    "t29"."assignment_date",
    "t29"."period",
    "t29"."scope",
    "t29"."record_only",
    "t29"."infertility",
    "t29"."pr_sub_icb",
    "t29"."pr_welsh",
    "t29"."pr_english",
    "t29"."pr_dms",
    "t29"."pr_army",
    "t29"."pr_abroad",
    "t29"."pr_region",
    "t29"."pr_board",
    "t29"."pr_icb_2026",
    "t29"."pr_place_country",
    "t29"."pr_place_sub_icb",
    "t29"."pr_place_icb",
    "t29"."pr_place_icb_2026",
    "t29"."pr_place_region",
    "t29"."pr_place_lad",
    "t29"."pr_commissioner_from",
    "t29"."pr_commissioner_to",
    "t29"."pr_open_date",
    "t29"."pr_close_date",
    "t29"."sp_use",
    "t29"."sp_hub",
    "t29"."pc_country",
    "t29"."pc_sub_icb",
    "t29"."pc_icb",
    "t29"."pc_lad",
    "t29"."pc_board",
    "t29"."pc_region",
    "t29"."pc_icb_2026",
    "t29"."ls_sub_icb",
    "t29"."ls_icb",
    "t29"."ls_icb_2026",
    "t29"."ls_region",
    "t29"."ls_lad",
    "t29"."pv_sub_icb",
    "t29"."pv_region",
    "t29"."pv_icb",
    "t29"."pv_lad",
    "t29"."pv_hub",
    "t29"."pv_hub_method",
    "t29"."pv_contracting_host",
    "t29"."ln_status",
    "t29"."ln_listed",
    "t29"."ln_specialised",
    "t29"."ln_highly",
    "t29"."ln_mental",
    "t29"."ln_public_health",
    "t29"."ln_flag",
    "t29"."ln_dental",
    "t29"."ln_set",
    "t29"."ln_pss",
    "t29"."ln_npoc",
    "t29"."gr_code",
    "t29"."gr_kind",
    "t29"."gr_icb",
    "t29"."gr_region",
    "t29"."rr_code",
    "t29"."rr_kind",
    "t29"."rr_icb",
    "t29"."rr_region",
    "t29"."cs_code",
    "t29"."cs_kind",
    "t29"."cs_icb",
    "t29"."cs_region",
    "t29"."in_directory",
    "t29"."practice_known",
    "t29"."practice_open",
    "t29"."no_practice",
    "t29"."dms",
    "t29"."english_gp",
    "t29"."welsh_gp",
    "t29"."gp_told",
    "t29"."gp_board",
    "t29"."residence",
    "t29"."res_country",
    "t29"."res_sub_icb",
    "t29"."res_icb",
    "t29"."res_icb_2026",
    "t29"."res_region",
    "t29"."res_lad",
    "t29"."first_by_address",
    "t29"."resp_method",
    CASE "t29"."resp_method"
      WHEN 'practice'
      THEN "t29"."pr_sub_icb"
      WHEN 'gp_practice_responsibility'
      THEN "t29"."gr_code"
      WHEN 'commissioner_submitted'
      THEN "t29"."cs_code"
      WHEN 'icb_only'
      THEN CASE WHEN "t29"."gr_kind" = 'icb' THEN "t29"."gr_code" ELSE "t29"."rr_code" END
      WHEN 'provider_address'
      THEN "t29"."pv_sub_icb"
      WHEN 'none'
      THEN ''
      ELSE "t29"."res_sub_icb"
    END AS "resp_code",
    NOT (
      "t29"."resp_method" IN ('provider_address', 'none')
    ) AS "placed",
    CASE
      WHEN NOT (
        "t29"."resp_method" IN ('provider_address', 'none')
      )
      THEN CASE "t29"."resp_method"
        WHEN 'practice'
        THEN "t29"."pr_sub_icb"
        WHEN 'gp_practice_responsibility'
        THEN "t29"."gr_code"
        WHEN 'commissioner_submitted'
        THEN "t29"."cs_code"
        WHEN 'icb_only'
        THEN CASE WHEN "t29"."gr_kind" = 'icb' THEN "t29"."gr_code" ELSE "t29"."rr_code" END
        WHEN 'provider_address'
        THEN "t29"."pv_sub_icb"
        WHEN 'none'
        THEN ''
        ELSE "t29"."res_sub_icb"
      END
      WHEN "t29"."ls_sub_icb" <> ''
      THEN "t29"."ls_sub_icb"
      WHEN CASE WHEN "t29"."gr_kind" IN ('sub_icb') THEN "t29"."gr_code" ELSE '' END <> ''
      THEN CASE WHEN "t29"."gr_kind" IN ('sub_icb') THEN "t29"."gr_code" ELSE '' END
      WHEN CASE WHEN "t29"."rr_kind" IN ('sub_icb') THEN "t29"."rr_code" ELSE '' END <> ''
      THEN CASE WHEN "t29"."rr_kind" IN ('sub_icb') THEN "t29"."rr_code" ELSE '' END
      WHEN CASE WHEN "t29"."gr_kind" IN ('icb') THEN "t29"."gr_code" ELSE '' END <> ''
      THEN CASE WHEN "t29"."gr_kind" IN ('icb') THEN "t29"."gr_code" ELSE '' END
      WHEN CASE WHEN "t29"."rr_kind" IN ('icb') THEN "t29"."rr_code" ELSE '' END <> ''
      THEN CASE WHEN "t29"."rr_kind" IN ('icb') THEN "t29"."rr_code" ELSE '' END
      ELSE ''
    END AS "pop_code",
    CASE
      WHEN NOT (
        "t29"."resp_method" IN ('provider_address', 'none')
      )
      THEN CASE "t29"."resp_method"
        WHEN 'practice_postcode'
        THEN 'postcode'
        WHEN 'gp_practice_responsibility'
        THEN 'responsibility'
        WHEN 'residence_responsibility'
        THEN 'responsibility'
        WHEN 'icb_only'
        THEN 'responsibility'
        WHEN 'commissioner_submitted'
        THEN 'commissioner'
        ELSE "t29"."resp_method"
      END
      WHEN "t29"."ls_sub_icb" <> ''
      THEN 'lsoa'
      WHEN CASE WHEN "t29"."gr_kind" IN ('sub_icb') THEN "t29"."gr_code" ELSE '' END <> ''
      THEN 'responsibility'
      WHEN CASE WHEN "t29"."rr_kind" IN ('sub_icb') THEN "t29"."rr_code" ELSE '' END <> ''
      THEN 'responsibility'
      WHEN CASE WHEN "t29"."gr_kind" IN ('icb') THEN "t29"."gr_code" ELSE '' END <> ''
      THEN 'responsibility'
      WHEN CASE WHEN "t29"."rr_kind" IN ('icb') THEN "t29"."rr_code" ELSE '' END <> ''
      THEN 'responsibility'
      ELSE 'none'
    END AS "population_method",
    CASE
      WHEN "t29"."resp_method" = 'practice'
      THEN "t29"."pr_icb_2026"
      WHEN "t29"."resp_method" = 'provider_address'
      THEN "t29"."pv_icb"
      WHEN (
        "t29"."res_sub_icb" = CASE "t29"."resp_method"
          WHEN 'practice'
          THEN "t29"."pr_sub_icb"
          WHEN 'gp_practice_responsibility'
          THEN "t29"."gr_code"
          WHEN 'commissioner_submitted'
          THEN "t29"."cs_code"
          WHEN 'icb_only'
          THEN CASE WHEN "t29"."gr_kind" = 'icb' THEN "t29"."gr_code" ELSE "t29"."rr_code" END
          WHEN 'provider_address'
          THEN "t29"."pv_sub_icb"
          WHEN 'none'
          THEN ''
          ELSE "t29"."res_sub_icb"
        END
      )
      AND (
        "t29"."res_icb_2026" <> ''
      )
      THEN "t29"."res_icb_2026"
      WHEN "t29"."ls_sub_icb" = CASE "t29"."resp_method"
        WHEN 'practice'
        THEN "t29"."pr_sub_icb"
        WHEN 'gp_practice_responsibility'
        THEN "t29"."gr_code"
        WHEN 'commissioner_submitted'
        THEN "t29"."cs_code"
        WHEN 'icb_only'
        THEN CASE WHEN "t29"."gr_kind" = 'icb' THEN "t29"."gr_code" ELSE "t29"."rr_code" END
        WHEN 'provider_address'
        THEN "t29"."pv_sub_icb"
        WHEN 'none'
        THEN ''
        ELSE "t29"."res_sub_icb"
      END
      THEN "t29"."ls_icb_2026"
      ELSE ''
    END AS "split_icb"
  FROM (
    SELECT
      "t28"."record_id",
      "t28"."row_key",
      "t28"."submission_id",
      "t28"."source_id",
      "t28"."row_number",
      "t28"."flow",
      "t28"."fate",
      "t28"."component",
      "t28"."spell_id",
      "t28"."episode_id",
      "t28"."attendance_id",
      "t28"."cds_type",
      "t28"."cds_unique_id",
      "t28"."provider_code",
      "t28"."site_code",
      "t28"."patient_id",
      "t28"."withheld_identity_reason",
      "t28"."gp_practice_code",
      "t28"."gp_practice_responsibility",
      "t28"."residence_responsibility",
      "t28"."postcode",
      "t28"."lsoa21_code",
      "t28"."age",
      "t28"."sex",
      "t28"."ethnic_category",
      "t28"."treatment_function_code",
      "t28"."main_specialty_code",
      "t28"."diagnosis_all",
      "t28"."procedure_all",
      "t28"."hrg",
      "t28"."spell_hrg",
      "t28"."unbundled_hrg_all",
      "t28"."point_of_delivery",
      "t28"."admission_method",
      "t28"."patient_classification",
      "t28"."source_of_admission",
      "t28"."attendance_status",
      "t28"."first_attendance",
      "t28"."referral_source",
      "t28"."critical_care_unit_function",
      "t28"."administrative_category",
      "t28"."overseas_visitor_charging_category",
      "t28"."start_date",
      "t28"."end_date",
      "t28"."discharge_date",
      "t28"."activity_date",
      "t28"."financial_year",
      "t28"."financial_month",
      "t28"."commissioned_service_category",
      "t28"."service_line_submitted",
      "t28"."mental_health_category",
      "t28"."service_line_sus",
      "t28"."commissioner_submitted",
      "t28"."tariff_code",
      "t28"."national_tariff_indicator",
      "t28"."quantity",
      "t28"."unit_price_submitted",
      "t28"."price_submitted",
      "t28"."mff_submitted",
      "t28"."quantity_plan",
      "t28"."price_plan",
      "t28"."drug_code",
      "t28"."device_code",
      "t28"."supply_route",
      "t28"."approval_id",
      "t28"."referred_via_ras",
      "t28"."section_7a_service",
      "t28"."other_public_health",
      "t28"."armed_forces_fertility_approved",
      "t28"."osv_international_agreement",
      "t28"."appendix_c_service",
      "t28"."setting",
      "t28"."candidates",
      "t28"."would_match",
      "t28"."mask",
      "t28"."rule_tie",
      "t28"."spell_rule_record_id",
      "t28"."rule_id",
      "t28"."rule_status",
      "t28"."service_line_derived",
      "t28"."service_basis",
      "t28"."service_line_final",
      "t28"."service_note",
      "t28"."counted",
      "t28"."monitoring",
      "t28"."assignment_date",
      "t28"."period",
      "t28"."scope",
      "t28"."record_only",
      "t28"."infertility",
      "t28"."pr_sub_icb",
      "t28"."pr_welsh",
      "t28"."pr_english",
      "t28"."pr_dms",
      "t28"."pr_army",
      "t28"."pr_abroad",
      "t28"."pr_region",
      "t28"."pr_board",
      "t28"."pr_icb_2026",
      "t28"."pr_place_country",
      "t28"."pr_place_sub_icb",
      "t28"."pr_place_icb",
      "t28"."pr_place_icb_2026",
      "t28"."pr_place_region",
      "t28"."pr_place_lad",
      "t28"."pr_commissioner_from",
      "t28"."pr_commissioner_to",
      "t28"."pr_open_date",
      "t28"."pr_close_date",
      "t28"."sp_use",
      "t28"."sp_hub",
      "t28"."pc_country",
      "t28"."pc_sub_icb",
      "t28"."pc_icb",
      "t28"."pc_lad",
      "t28"."pc_board",
      "t28"."pc_region",
      "t28"."pc_icb_2026",
      "t28"."ls_sub_icb",
      "t28"."ls_icb",
      "t28"."ls_icb_2026",
      "t28"."ls_region",
      "t28"."ls_lad",
      "t28"."pv_sub_icb",
      "t28"."pv_region",
      "t28"."pv_icb",
      "t28"."pv_lad",
      "t28"."pv_hub",
      "t28"."pv_hub_method",
      "t28"."pv_contracting_host",
      "t28"."ln_status",
      "t28"."ln_listed",
      "t28"."ln_specialised",
      "t28"."ln_highly",
      "t28"."ln_mental",
      "t28"."ln_public_health",
      "t28"."ln_flag",
      "t28"."ln_dental",
      "t28"."ln_set",
      "t28"."ln_pss",
      "t28"."ln_npoc",
      "t28"."gr_code",
      "t28"."gr_kind",
      "t28"."gr_icb",
      "t28"."gr_region",
      "t28"."rr_code",
      "t28"."rr_kind",
      "t28"."rr_icb",
      "t28"."rr_region",
      "t28"."cs_code",
      "t28"."cs_kind",
      "t28"."cs_icb",
      "t28"."cs_region",
      "t28"."in_directory",
      "t28"."practice_known",
      "t28"."practice_open",
      "t28"."no_practice",
      "t28"."dms",
      "t28"."english_gp",
      "t28"."welsh_gp",
      "t28"."gp_told",
      "t28"."gp_board",
      "t28"."residence",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_country"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_country"
        WHEN "t28"."residence" = 'lsoa'
        THEN CASE
          WHEN STARTS_WITH("t28"."lsoa21_code", 'W')
          THEN 'W92000004'
          WHEN STARTS_WITH("t28"."lsoa21_code", 'S')
          THEN 'S92000003'
          ELSE 'E92000001'
        END
        WHEN "t28"."residence" = 'residence_responsibility'
        THEN CASE WHEN "t28"."rr_kind" = 'welsh_board' THEN 'W92000004' ELSE 'E92000001' END
        WHEN "t28"."residence" IN ('abroad', 'not_in_directory')
        THEN ''
        ELSE 'E92000001'
      END AS "res_country",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_sub_icb"
        WHEN "t28"."residence" = 'lsoa'
        THEN "t28"."ls_sub_icb"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_sub_icb"
        WHEN "t28"."residence" = 'residence_responsibility'
        THEN CASE WHEN "t28"."rr_kind" IN ('sub_icb') THEN "t28"."rr_code" ELSE '' END
        ELSE ''
      END AS "res_sub_icb",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_icb"
        WHEN "t28"."residence" = 'lsoa'
        THEN "t28"."ls_icb"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_icb"
        WHEN "t28"."residence" = 'residence_responsibility'
        THEN "t28"."rr_icb"
        ELSE ''
      END AS "res_icb",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_icb_2026"
        WHEN "t28"."residence" = 'lsoa'
        THEN "t28"."ls_icb_2026"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_icb_2026"
        ELSE ''
      END AS "res_icb_2026",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_region"
        WHEN "t28"."residence" = 'lsoa'
        THEN "t28"."ls_region"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_region"
        WHEN "t28"."residence" = 'residence_responsibility'
        THEN "t28"."rr_region"
        ELSE ''
      END AS "res_region",
      CASE
        WHEN "t28"."residence" = 'postcode'
        THEN "t28"."pc_lad"
        WHEN "t28"."residence" = 'lsoa'
        THEN "t28"."ls_lad"
        WHEN "t28"."residence" = 'practice_postcode'
        THEN "t28"."pr_place_lad"
        ELSE ''
      END AS "res_lad",
      "t28"."no_practice" OR (
        "t28"."sp_hub" <> ''
      ) OR "t28"."dms" AS "first_by_address",
      CASE
        WHEN NOT (
          "t28"."no_practice" OR (
            "t28"."sp_hub" <> ''
          ) OR "t28"."dms"
        )
        AND "t28"."pr_english"
        AND "t28"."practice_open"
        AND (
          "t28"."pr_sub_icb" <> ''
        )
        AND (
          (
            (
              "t28"."pr_commissioner_from" IS NULL
            )
            OR (
              "t28"."assignment_date" >= "t28"."pr_commissioner_from"
            )
            OR (
              "t28"."assignment_date" < "t28"."pr_open_date"
            )
          )
          AND (
            (
              "t28"."pr_commissioner_to" IS NULL
            )
            OR (
              "t28"."assignment_date" <= "t28"."pr_commissioner_to"
            )
          )
        )
        THEN 'practice'
        WHEN "t28"."monitoring" AND (
          "t28"."gr_kind" = 'sub_icb'
        )
        THEN 'gp_practice_responsibility'
        WHEN CASE
          WHEN "t28"."residence" = 'postcode'
          THEN "t28"."pc_sub_icb"
          WHEN "t28"."residence" = 'lsoa'
          THEN "t28"."ls_sub_icb"
          WHEN "t28"."residence" = 'practice_postcode'
          THEN "t28"."pr_place_sub_icb"
          WHEN "t28"."residence" = 'residence_responsibility'
          THEN CASE WHEN "t28"."rr_kind" IN ('sub_icb') THEN "t28"."rr_code" ELSE '' END
          ELSE ''
        END <> ''
        THEN "t28"."residence"
        WHEN "t28"."flow" IN ('iap') AND "t28"."cs_kind" IN ('sub_icb', 'icb')
        THEN 'commissioner_submitted'
        WHEN "t28"."monitoring"
        AND (
          (
            "t28"."gr_kind" = 'icb'
          ) OR (
            "t28"."rr_kind" = 'icb'
          )
        )
        THEN 'icb_only'
        WHEN "t28"."pv_sub_icb" <> ''
        THEN 'provider_address'
        ELSE 'none'
      END AS "resp_method"
    FROM (
      SELECT
        "t27"."record_id",
        "t27"."row_key",
        "t27"."submission_id",
        "t27"."source_id",
        "t27"."row_number",
        "t27"."flow",
        "t27"."fate",
        "t27"."component",
        "t27"."spell_id",
        "t27"."episode_id",
        "t27"."attendance_id",
        "t27"."cds_type",
        "t27"."cds_unique_id",
        "t27"."provider_code",
        "t27"."site_code",
        "t27"."patient_id",
        "t27"."withheld_identity_reason",
        "t27"."gp_practice_code",
        "t27"."gp_practice_responsibility",
        "t27"."residence_responsibility",
        "t27"."postcode",
        "t27"."lsoa21_code",
        "t27"."age",
        "t27"."sex",
        "t27"."ethnic_category",
        "t27"."treatment_function_code",
        "t27"."main_specialty_code",
        "t27"."diagnosis_all",
        "t27"."procedure_all",
        "t27"."hrg",
        "t27"."spell_hrg",
        "t27"."unbundled_hrg_all",
        "t27"."point_of_delivery",
        "t27"."admission_method",
        "t27"."patient_classification",
        "t27"."source_of_admission",
        "t27"."attendance_status",
        "t27"."first_attendance",
        "t27"."referral_source",
        "t27"."critical_care_unit_function",
        "t27"."administrative_category",
        "t27"."overseas_visitor_charging_category",
        "t27"."start_date",
        "t27"."end_date",
        "t27"."discharge_date",
        "t27"."activity_date",
        "t27"."financial_year",
        "t27"."financial_month",
        "t27"."commissioned_service_category",
        "t27"."service_line_submitted",
        "t27"."mental_health_category",
        "t27"."service_line_sus",
        "t27"."commissioner_submitted",
        "t27"."tariff_code",
        "t27"."national_tariff_indicator",
        "t27"."quantity",
        "t27"."unit_price_submitted",
        "t27"."price_submitted",
        "t27"."mff_submitted",
        "t27"."quantity_plan",
        "t27"."price_plan",
        "t27"."drug_code",
        "t27"."device_code",
        "t27"."supply_route",
        "t27"."approval_id",
        "t27"."referred_via_ras",
        "t27"."section_7a_service",
        "t27"."other_public_health",
        "t27"."armed_forces_fertility_approved",
        "t27"."osv_international_agreement",
        "t27"."appendix_c_service",
        "t27"."setting",
        "t27"."candidates",
        "t27"."would_match",
        "t27"."mask",
        "t27"."rule_tie",
        "t27"."spell_rule_record_id",
        "t27"."rule_id",
        "t27"."rule_status",
        "t27"."service_line_derived",
        "t27"."service_basis",
        "t27"."service_line_final",
        "t27"."service_note",
        "t27"."counted",
        "t27"."monitoring",
        "t27"."assignment_date",
        "t27"."period",
        "t27"."scope",
        "t27"."record_only",
        "t27"."infertility",
        COALESCE("t27"."pr_sub_icb", '') AS "pr_sub_icb",
        COALESCE("t27"."pr_welsh", FALSE) AS "pr_welsh",
        COALESCE("t27"."pr_english", FALSE) AS "pr_english",
        COALESCE("t27"."pr_dms", FALSE) AS "pr_dms",
        COALESCE("t27"."pr_army", FALSE) AS "pr_army",
        COALESCE("t27"."pr_abroad", FALSE) AS "pr_abroad",
        COALESCE("t27"."pr_region", '') AS "pr_region",
        COALESCE("t27"."pr_board", '') AS "pr_board",
        COALESCE("t27"."pr_icb_2026", '') AS "pr_icb_2026",
        COALESCE("t27"."pr_place_country", '') AS "pr_place_country",
        COALESCE("t27"."pr_place_sub_icb", '') AS "pr_place_sub_icb",
        COALESCE("t27"."pr_place_icb", '') AS "pr_place_icb",
        COALESCE("t27"."pr_place_icb_2026", '') AS "pr_place_icb_2026",
        COALESCE("t27"."pr_place_region", '') AS "pr_place_region",
        COALESCE("t27"."pr_place_lad", '') AS "pr_place_lad",
        "t27"."pr_commissioner_from",
        "t27"."pr_commissioner_to",
        "t27"."pr_open_date",
        "t27"."pr_close_date",
        COALESCE("t27"."sp_use", '') AS "sp_use",
        COALESCE("t27"."sp_hub", '') AS "sp_hub",
        COALESCE("t27"."pc_country", '') AS "pc_country",
        COALESCE("t27"."pc_sub_icb", '') AS "pc_sub_icb",
        COALESCE("t27"."pc_icb", '') AS "pc_icb",
        COALESCE("t27"."pc_lad", '') AS "pc_lad",
        COALESCE("t27"."pc_board", '') AS "pc_board",
        COALESCE("t27"."pc_region", '') AS "pc_region",
        COALESCE("t27"."pc_icb_2026", '') AS "pc_icb_2026",
        COALESCE("t27"."ls_sub_icb", '') AS "ls_sub_icb",
        COALESCE("t27"."ls_icb", '') AS "ls_icb",
        COALESCE("t27"."ls_icb_2026", '') AS "ls_icb_2026",
        COALESCE("t27"."ls_region", '') AS "ls_region",
        COALESCE("t27"."ls_lad", '') AS "ls_lad",
        COALESCE("t27"."pv_sub_icb", '') AS "pv_sub_icb",
        COALESCE("t27"."pv_region", '') AS "pv_region",
        COALESCE("t27"."pv_icb", '') AS "pv_icb",
        COALESCE("t27"."pv_lad", '') AS "pv_lad",
        COALESCE("t27"."pv_hub", '') AS "pv_hub",
        COALESCE("t27"."pv_hub_method", '') AS "pv_hub_method",
        COALESCE("t27"."pv_contracting_host", '') AS "pv_contracting_host",
        COALESCE("t27"."ln_status", '') AS "ln_status",
        COALESCE("t27"."ln_listed", FALSE) AS "ln_listed",
        COALESCE("t27"."ln_specialised", FALSE) AS "ln_specialised",
        COALESCE("t27"."ln_highly", FALSE) AS "ln_highly",
        COALESCE("t27"."ln_mental", FALSE) AS "ln_mental",
        COALESCE("t27"."ln_public_health", FALSE) AS "ln_public_health",
        COALESCE("t27"."ln_flag", FALSE) AS "ln_flag",
        COALESCE("t27"."ln_dental", FALSE) AS "ln_dental",
        COALESCE("t27"."ln_set", '') AS "ln_set",
        COALESCE("t27"."ln_pss", '') AS "ln_pss",
        COALESCE("t27"."ln_npoc", '') AS "ln_npoc",
        COALESCE("t27"."gr_code", '') AS "gr_code",
        COALESCE("t27"."gr_kind", '') AS "gr_kind",
        COALESCE("t27"."gr_icb", '') AS "gr_icb",
        COALESCE("t27"."gr_region", '') AS "gr_region",
        COALESCE("t27"."rr_code", '') AS "rr_code",
        COALESCE("t27"."rr_kind", '') AS "rr_kind",
        COALESCE("t27"."rr_icb", '') AS "rr_icb",
        COALESCE("t27"."rr_region", '') AS "rr_region",
        COALESCE("t27"."cs_code", '') AS "cs_code",
        COALESCE("t27"."cs_kind", '') AS "cs_kind",
        COALESCE("t27"."cs_icb", '') AS "cs_icb",
        COALESCE("t27"."cs_region", '') AS "cs_region",
        COALESCE("t27"."pc_country" IS NOT NULL, FALSE) AS "in_directory",
        COALESCE("t27"."pr_english" IS NOT NULL, FALSE) AS "practice_known",
        COALESCE(
          COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
          AND (
            (
              "t27"."pr_close_date" IS NULL
            )
            OR (
              "t27"."assignment_date" <= "t27"."pr_close_date"
            )
          ),
          FALSE
        ) AS "practice_open",
        (
          "t27"."gp_practice_code" = ''
        )
        OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999') AS "no_practice",
        COALESCE("t27"."pr_dms", FALSE)
        AND COALESCE(
          COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
          AND (
            (
              "t27"."pr_close_date" IS NULL
            )
            OR (
              "t27"."assignment_date" <= "t27"."pr_close_date"
            )
          ),
          FALSE
        ) AS "dms",
        (
          COALESCE(
            COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
            AND (
              (
                "t27"."pr_close_date" IS NULL
              )
              OR (
                "t27"."assignment_date" <= "t27"."pr_close_date"
              )
            ),
            FALSE
          )
          AND NOT (
            (
              "t27"."gp_practice_code" = ''
            )
            OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
          )
          AND COALESCE("t27"."pr_english", FALSE)
        )
        OR (
          "t27"."monitoring"
          AND NOT (
            COALESCE(
              COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
              AND (
                (
                  "t27"."pr_close_date" IS NULL
                )
                OR (
                  "t27"."assignment_date" <= "t27"."pr_close_date"
                )
              ),
              FALSE
            )
            AND NOT (
              (
                "t27"."gp_practice_code" = ''
              )
              OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
            )
          )
          AND COALESCE("t27"."gr_kind", '') IN ('sub_icb', 'icb')
        ) AS "english_gp",
        (
          COALESCE(
            COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
            AND (
              (
                "t27"."pr_close_date" IS NULL
              )
              OR (
                "t27"."assignment_date" <= "t27"."pr_close_date"
              )
            ),
            FALSE
          )
          AND NOT (
            (
              "t27"."gp_practice_code" = ''
            )
            OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
          )
          AND COALESCE("t27"."pr_welsh", FALSE)
        )
        OR (
          "t27"."monitoring"
          AND NOT (
            COALESCE(
              COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
              AND (
                (
                  "t27"."pr_close_date" IS NULL
                )
                OR (
                  "t27"."assignment_date" <= "t27"."pr_close_date"
                )
              ),
              FALSE
            )
            AND NOT (
              (
                "t27"."gp_practice_code" = ''
              )
              OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
            )
          )
          AND (
            COALESCE("t27"."gr_kind", '') = 'welsh_board'
          )
        ) AS "welsh_gp",
        "t27"."monitoring"
        AND NOT (
          COALESCE(
            COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
            AND (
              (
                "t27"."pr_close_date" IS NULL
              )
              OR (
                "t27"."assignment_date" <= "t27"."pr_close_date"
              )
            ),
            FALSE
          )
          AND NOT (
            (
              "t27"."gp_practice_code" = ''
            )
            OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
          )
        )
        AND (
          COALESCE("t27"."gr_kind", '') = 'welsh_board'
        ) AS "gp_told",
        CASE
          WHEN "t27"."monitoring"
          AND NOT (
            COALESCE(
              COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
              AND (
                (
                  "t27"."pr_close_date" IS NULL
                )
                OR (
                  "t27"."assignment_date" <= "t27"."pr_close_date"
                )
              ),
              FALSE
            )
            AND NOT (
              (
                "t27"."gp_practice_code" = ''
              )
              OR "t27"."gp_practice_code" IN ('V81997', 'V81998', 'V81999')
            )
          )
          AND (
            COALESCE("t27"."gr_kind", '') = 'welsh_board'
          )
          THEN COALESCE("t27"."gr_code", '')
          ELSE COALESCE("t27"."pr_board", '')
        END AS "gp_board",
        CASE
          WHEN COALESCE("t27"."pr_dms", FALSE)
          AND COALESCE(
            COALESCE("t27"."pr_english" IS NOT NULL, FALSE)
            AND (
              (
                "t27"."pr_close_date" IS NULL
              )
              OR (
                "t27"."assignment_date" <= "t27"."pr_close_date"
              )
            ),
            FALSE
          )
          AND (
            COALESCE("t27"."pr_place_country", '') <> ''
          )
          THEN 'practice_postcode'
          WHEN COALESCE("t27"."sp_use", '') = 'default_use_provider_address'
          THEN 'default'
          WHEN COALESCE("t27"."pc_country" IS NOT NULL, FALSE)
          THEN 'postcode'
          WHEN (
            COALESCE("t27"."sp_use", '') <> ''
          ) OR STARTS_WITH("t27"."postcode", 'ZZ99')
          THEN 'abroad'
          WHEN TRUE
          AND (
            (
              COALESCE("t27"."ls_sub_icb", '') <> ''
            )
            OR STARTS_WITH("t27"."lsoa21_code", 'W')
            OR STARTS_WITH("t27"."lsoa21_code", 'S')
          )
          AND (
            (
              "t27"."postcode" = ''
            ) OR TRUE
          )
          THEN 'lsoa'
          WHEN "t27"."monitoring"
          AND COALESCE("t27"."rr_kind", '') IN ('sub_icb', 'icb', 'welsh_board')
          AND (
            (
              "t27"."postcode" = ''
            ) OR TRUE
          )
          THEN 'residence_responsibility'
          WHEN "t27"."postcode" = ''
          THEN 'missing'
          ELSE 'no_directory'
        END AS "residence"
      FROM (
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
          "t8"."period",
          "t8"."scope",
          "t8"."record_only",
          "t8"."infertility",
          "t18"."pr_sub_icb",
          "t18"."pr_welsh",
          "t18"."pr_english",
          "t18"."pr_dms",
          "t18"."pr_army",
          "t18"."pr_abroad",
          "t18"."pr_region",
          "t18"."pr_board",
          "t18"."pr_icb_2026",
          "t18"."pr_place_country",
          "t18"."pr_place_sub_icb",
          "t18"."pr_place_icb",
          "t18"."pr_place_icb_2026",
          "t18"."pr_place_region",
          "t18"."pr_place_lad",
          "t18"."pr_commissioner_from",
          "t18"."pr_commissioner_to",
          "t18"."pr_open_date",
          "t18"."pr_close_date",
          "t19"."sp_use",
          "t19"."sp_hub",
          "t20"."pc_country",
          "t20"."pc_sub_icb",
          "t20"."pc_icb",
          "t20"."pc_lad",
          "t20"."pc_board",
          "t20"."pc_region",
          "t20"."pc_icb_2026",
          "t21"."ls_sub_icb",
          "t21"."ls_icb",
          "t21"."ls_icb_2026",
          "t21"."ls_region",
          "t21"."ls_lad",
          "t22"."pv_sub_icb",
          "t22"."pv_region",
          "t22"."pv_icb",
          "t22"."pv_lad",
          "t22"."pv_hub",
          "t22"."pv_hub_method",
          "t22"."pv_contracting_host",
          "t23"."ln_status",
          "t23"."ln_listed",
          "t23"."ln_specialised",
          "t23"."ln_highly",
          "t23"."ln_mental",
          "t23"."ln_public_health",
          "t23"."ln_flag",
          "t23"."ln_dental",
          "t23"."ln_set",
          "t23"."ln_pss",
          "t23"."ln_npoc",
          "t24"."gr_code",
          "t24"."gr_kind",
          "t24"."gr_icb",
          "t24"."gr_region",
          "t25"."rr_code",
          "t25"."rr_kind",
          "t25"."rr_icb",
          "t25"."rr_region",
          "t26"."cs_code",
          "t26"."cs_kind",
          "t26"."cs_icb",
          "t26"."cs_region"
        FROM "assign_base" AS "t8"
        LEFT OUTER JOIN (
          SELECT
            "t1"."pr_sub_icb",
            "t1"."pr_welsh",
            "t1"."pr_english",
            "t1"."pr_dms",
            "t1"."pr_army",
            "t1"."pr_abroad",
            "t1"."pr_region",
            "t1"."pr_board",
            "t1"."pr_icb_2026",
            "t1"."pr_place_country",
            "t1"."pr_place_sub_icb",
            "t1"."pr_place_icb",
            "t1"."pr_place_icb_2026",
            "t1"."pr_place_region",
            "t1"."pr_place_lad",
            "t1"."pr_commissioner_from",
            "t1"."pr_commissioner_to",
            "t1"."pr_open_date",
            "t1"."pr_close_date",
            "t1"."practice_code" AS "key_0_practice_code"
          FROM "assign_practices" AS "t1"
        ) AS "t18"
          ON "t8"."gp_practice_code" = "t18"."key_0_practice_code"
        LEFT OUTER JOIN (
          SELECT
            "t2"."sp_use",
            "t2"."sp_hub",
            "t2"."postcode" AS "key_1_postcode"
          FROM "assign_special_postcodes" AS "t2"
        ) AS "t19"
          ON "t8"."postcode" = "t19"."key_1_postcode"
        LEFT OUTER JOIN (
          SELECT
            "t3"."pc_country",
            "t3"."pc_sub_icb",
            "t3"."pc_icb",
            "t3"."pc_lad",
            "t3"."pc_board",
            "t3"."pc_region",
            "t3"."pc_icb_2026",
            "t3"."postcode" AS "key_2_postcode"
          FROM "assign_directory" AS "t3"
        ) AS "t20"
          ON "t8"."postcode" = "t20"."key_2_postcode"
        LEFT OUTER JOIN (
          SELECT
            "t4"."ls_sub_icb",
            "t4"."ls_icb",
            "t4"."ls_icb_2026",
            "t4"."ls_region",
            "t4"."ls_lad",
            "t4"."lsoa21_code" AS "key_3_lsoa21_code"
          FROM "assign_lsoas" AS "t4"
        ) AS "t21"
          ON "t8"."lsoa21_code" = "t21"."key_3_lsoa21_code"
        LEFT OUTER JOIN (
          SELECT
            "t5"."pv_sub_icb",
            "t5"."pv_region",
            "t5"."pv_icb",
            "t5"."pv_lad",
            "t5"."pv_hub",
            "t5"."pv_hub_method",
            "t5"."pv_contracting_host",
            "t5"."written" AS "key_4_written",
            "t5"."period" AS "key_4_period"
          FROM "assign_providers" AS "t5"
        ) AS "t22"
          ON "t8"."provider_code" = "t22"."key_4_written"
          AND "t8"."period" = "t22"."key_4_period"
        LEFT OUTER JOIN (
          SELECT
            "t6"."ln_status",
            "t6"."ln_listed",
            "t6"."ln_specialised",
            "t6"."ln_highly",
            "t6"."ln_mental",
            "t6"."ln_public_health",
            "t6"."ln_flag",
            "t6"."ln_dental",
            "t6"."ln_set",
            "t6"."ln_pss",
            "t6"."ln_npoc",
            "t6"."service_line_code" AS "key_5_service_line_code",
            "t6"."period" AS "key_5_period"
          FROM "assign_lines" AS "t6"
        ) AS "t23"
          ON "t8"."service_line_final" = "t23"."key_5_service_line_code"
          AND "t8"."period" = "t23"."key_5_period"
        LEFT OUTER JOIN (
          SELECT
            "t7"."code" AS "gr_code",
            "t7"."kind" AS "gr_kind",
            "t7"."icb" AS "gr_icb",
            "t7"."region" AS "gr_region",
            "t7"."written" AS "key_6_written",
            "t7"."period" AS "key_6_period"
          FROM "assign_bodies" AS "t7"
        ) AS "t24"
          ON "t8"."gp_practice_responsibility" = "t24"."key_6_written"
          AND "t8"."period" = "t24"."key_6_period"
        LEFT OUTER JOIN (
          SELECT
            "t7"."code" AS "rr_code",
            "t7"."kind" AS "rr_kind",
            "t7"."icb" AS "rr_icb",
            "t7"."region" AS "rr_region",
            "t7"."written" AS "key_7_written",
            "t7"."period" AS "key_7_period"
          FROM "assign_bodies" AS "t7"
        ) AS "t25"
          ON "t8"."residence_responsibility" = "t25"."key_7_written"
          AND "t8"."period" = "t25"."key_7_period"
        LEFT OUTER JOIN (
          SELECT
            "t7"."code" AS "cs_code",
            "t7"."kind" AS "cs_kind",
            "t7"."icb" AS "cs_icb",
            "t7"."region" AS "cs_region",
            "t7"."written" AS "key_8_written",
            "t7"."period" AS "key_8_period"
          FROM "assign_bodies" AS "t7"
        ) AS "t26"
          ON "t8"."commissioner_submitted" = "t26"."key_8_written"
          AND "t8"."period" = "t26"."key_8_period"
      ) AS "t27"
    ) AS "t28"
  ) AS "t29"
) AS "t30"
