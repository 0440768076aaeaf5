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
  "t0"."provider_code",
  "t0"."site_code",
  "t0"."patient_id",
  "t0"."gp_practice_code",
  "t0"."lsoa21_code",
  "t0"."age",
  "t0"."sex",
  "t0"."ethnic_category",
  "t0"."treatment_function_code",
  "t0"."hrg",
  "t0"."point_of_delivery",
  "t0"."activity_date",
  "t0"."financial_year",
  "t0"."financial_month",
  "t0"."commissioned_service_category",
  "t0"."service_line_submitted",
  "t0"."service_line_sus",
  "t0"."commissioner_submitted",
  "t0"."tariff_code",
  "t0"."national_tariff_indicator",
  "t0"."quantity",
  "t0"."price_submitted",
  "t0"."quantity_plan",
  "t0"."price_plan",
  "t0"."supply_route",
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
  "t0"."period",
  "t0"."ln_specialised",
  "t0"."ln_status",
  "t0"."ln_set",
  "t0"."ln_pss",
  "t0"."ln_npoc",
  "t0"."pr_sub_icb",
  "t0"."residence",
  "t0"."res_sub_icb",
  "t0"."res_country",
  "t0"."resp_code",
  "t0"."resp_method",
  "t0"."resp_icb",
  "t0"."rp_region",
  "t0"."rp_delegated",
  "t0"."pop_icb",
  "t0"."pop_sub_icb",
  "t0"."population_method",
  "t0"."sp_hub",
  "t0"."pv_sub_icb",
  "t0"."pv_icb",
  "t0"."pv_region",
  "t0"."pv_hub",
  "t0"."pv_hub_method",
  "t0"."pv_contracting_host",
  "t0"."cs_code",
  "t0"."cs_kind",
  "t0"."assignment_date",
  CAST(CASE
    WHEN "t0"."record_only"
    THEN -1
    WHEN "t0"."component" <> 'activity'
    THEN -2
    ELSE (
      "t0"."period" * 2
    ) + CASE WHEN "t0"."monitoring" THEN 1 ELSE 0 END
  END AS INT) AS "rule_key",
  CASE
    WHEN NOT (
      "t0"."record_only"
    ) AND (
      "t0"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t0"."appendix_c_service" = 'Y' THEN 1 ELSE 0 END + CASE WHEN "t0"."armed_forces_fertility_approved" = 'Y' THEN 2 ELSE 0 END + CASE WHEN "t0"."pr_army" AND "t0"."practice_open" THEN 4 ELSE 0 END + CASE WHEN "t0"."ln_mental" THEN 8 ELSE 0 END + CASE WHEN "t0"."cds_type" = '011' THEN 16 ELSE 0 END + CASE WHEN "t0"."pv_hub" <> '' THEN 32 ELSE 0 END + CASE WHEN "t0"."rp_delegated" THEN 64 ELSE 0 END + CASE WHEN "t0"."sp_use" = 'eea_access' THEN 128 ELSE 0 END + CASE WHEN "t0"."english_gp" THEN 256 ELSE 0 END + CASE
      WHEN "t0"."english_gp"
      AND NOT (
        "t0"."practice_open" AND "t0"."pr_abroad"
      )
      AND "t0"."border"
      THEN 512
      ELSE 0
    END + CASE
      WHEN "t0"."ln_specialised" AND (
        "t0"."ln_status" = 'green'
      )
      THEN 1024
      ELSE 0
    END + CASE
      WHEN (
        "t0"."sp_hub" <> ''
      )
      AND (
        NOT (
          "t0"."scope" = 'admitted'
        ) OR (
          "t0"."source_of_admission" = '39'
        )
      )
      THEN 2048
      ELSE 0
    END + CASE WHEN "t0"."ln_highly" THEN 4096 ELSE 0 END + CASE WHEN "t0"."infertility" THEN 8192 ELSE 0 END + CASE WHEN "t0"."osv_international_agreement" = 'Y' THEN 16384 ELSE 0 END + CASE
      WHEN (
        "t0"."overseas_visitor_charging_category" IN ('A')
        OR (
          "t0"."overseas_visitor_charging_category" = ''
        )
      )
      AND NOT (
        "t0"."pr_abroad" AND "t0"."practice_open"
      )
      AND "t0"."res_country" IN ('E92000001', 'W92000004', 'S92000003', 'N92000002')
      THEN 32768
      ELSE 0
    END + CASE WHEN "t0"."other_public_health" = 'Y' THEN 65536 ELSE 0 END + CASE
      WHEN "t0"."overseas_visitor_charging_category" IN ('D', 'F')
      OR "t0"."administrative_category" IN ('02')
      THEN 131072
      ELSE 0
    END + CASE WHEN "t0"."ln_status" IN ('red', 'blue') THEN 262144 ELSE 0 END + CASE WHEN "t0"."referred_via_ras" = 'Y' THEN 524288 ELSE 0 END + CASE WHEN "t0"."res_country" = 'E92000001' THEN 1048576 ELSE 0 END + CASE
      WHEN "t0"."treatment_function_code" IN ('140', '141', '142', '143', '144', '145', '217', '450', '451')
      THEN 2097152
      ELSE 0
    END + CASE
      WHEN (
        "t0"."section_7a_service" = 'Y'
      ) OR "t0"."ln_public_health"
      THEN 4194304
      ELSE 0
    END + CASE WHEN "t0"."ln_specialised" THEN 8388608 ELSE 0 END + CASE WHEN "t0"."welsh_gp" AND "t0"."border" THEN 16777216 ELSE 0 END
    ELSE 0
  END AS "answers",
  CASE
    WHEN NOT (
      "t0"."record_only"
    ) AND (
      "t0"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t0"."appendix_c_service" = '' THEN 1 ELSE 0 END + CASE WHEN "t0"."armed_forces_fertility_approved" = '' THEN 2 ELSE 0 END + CASE WHEN "t0"."gp_practice_code" = '' THEN 4 ELSE 0 END + CASE WHEN FALSE THEN 8 ELSE 0 END + CASE WHEN FALSE THEN 16 ELSE 0 END + CASE WHEN FALSE THEN 32 ELSE 0 END + CASE WHEN FALSE THEN 64 ELSE 0 END + CASE WHEN "t0"."postcode" = '' THEN 128 ELSE 0 END + CASE
      WHEN (
        "t0"."gp_practice_code" = ''
      )
      AND NOT (
        "t0"."english_gp"
      )
      AND NOT (
        "t0"."welsh_gp"
      )
      THEN 256
      ELSE 0
    END + CASE
      WHEN (
        (
          "t0"."gp_practice_code" = ''
        )
        AND NOT (
          "t0"."english_gp"
        )
        AND NOT (
          "t0"."welsh_gp"
        )
        AND (
          "t0"."residence" IN ('missing', 'no_directory') OR "t0"."border"
        )
      )
      OR (
        "t0"."residence" IN ('missing', 'no_directory')
        AND (
          "t0"."english_gp" AND NOT (
            "t0"."practice_open" AND "t0"."pr_abroad"
          )
        )
      )
      THEN 512
      ELSE 0
    END + CASE WHEN FALSE THEN 1024 ELSE 0 END + CASE
      WHEN (
        "t0"."postcode" = ''
      )
      AND (
        NOT (
          "t0"."scope" = 'admitted'
        )
        OR (
          "t0"."source_of_admission" = '39'
        )
        OR (
          "t0"."source_of_admission" = ''
        )
      )
      THEN 2048
      ELSE 0
    END + CASE WHEN FALSE THEN 4096 ELSE 0 END + CASE WHEN "t0"."monitoring" THEN 8192 ELSE 0 END + CASE WHEN "t0"."osv_international_agreement" = '' THEN 16384 ELSE 0 END + CASE
      WHEN (
        "t0"."overseas_visitor_charging_category" = ''
      )
      OR "t0"."residence" IN ('missing', 'no_directory')
      THEN 32768
      ELSE 0
    END + CASE WHEN "t0"."other_public_health" = '' THEN 65536 ELSE 0 END + CASE
      WHEN (
        "t0"."overseas_visitor_charging_category" = ''
      )
      AND (
        "t0"."administrative_category" = ''
      )
      THEN 131072
      ELSE 0
    END + CASE WHEN FALSE THEN 262144 ELSE 0 END + CASE WHEN "t0"."referred_via_ras" = '' THEN 524288 ELSE 0 END + CASE WHEN "t0"."residence" IN ('missing', 'no_directory') THEN 1048576 ELSE 0 END + CASE WHEN "t0"."treatment_function_code" = '' THEN 2097152 ELSE 0 END + CASE
      WHEN (
        "t0"."section_7a_service" = ''
      ) AND NOT (
        "t0"."ln_public_health"
      )
      THEN 4194304
      ELSE 0
    END + CASE WHEN FALSE THEN 8388608 ELSE 0 END + CASE
      WHEN (
        (
          "t0"."gp_practice_code" = ''
        )
        AND NOT (
          "t0"."english_gp"
        )
        AND NOT (
          "t0"."welsh_gp"
        )
        AND (
          "t0"."residence" IN ('missing', 'no_directory') OR "t0"."border"
        )
      )
      OR (
        "t0"."residence" IN ('missing', 'no_directory') AND "t0"."welsh_gp"
      )
      THEN 16777216
      ELSE 0
    END
    ELSE 0
  END AS "unanswerable",
  CASE
    WHEN NOT (
      "t0"."record_only"
    ) AND (
      "t0"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t0"."overseas_visitor_charging_category" = '' THEN 1 ELSE 0 END + CASE WHEN "t0"."ln_status" = 'blue' THEN 2 ELSE 0 END + CASE WHEN "t0"."pv_hub_method" = 'region_of_provider' THEN 4 ELSE 0 END + CASE WHEN "t0"."residence" = 'not_in_directory' THEN 8 ELSE 0 END + CASE WHEN "t0"."residence" = 'no_directory' THEN 16 ELSE 0 END + CASE
      WHEN (
        "t0"."service_line_final" <> ''
      )
      AND "t0"."ln_specialised"
      AND NOT (
        "t0"."ln_listed"
      )
      THEN 32
      ELSE 0
    END + CASE
      WHEN (
        "t0"."resp_code" <> ''
      ) AND (
        "t0"."rp_icb" = ''
      )
      THEN 64
      ELSE 0
    END + CASE WHEN "t0"."resp_method" = 'icb_only' THEN 128 ELSE 0 END
    ELSE 0
  END AS "notes",
  CASE
    WHEN (
      NOT (
        "t0"."first_by_address"
      )
      AND "t0"."pr_english"
      AND "t0"."practice_open"
      AND (
        "t0"."pr_region" <> ''
      )
    )
    OR (
      "t0"."monitoring" AND (
        "t0"."gr_region" <> ''
      )
    )
    OR (
      "t0"."first_by_address"
      AND (
        CASE
          WHEN "t0"."res_region" <> ''
          THEN "t0"."res_region"
          WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
          THEN "t0"."pv_region"
          ELSE ''
        END <> ''
      )
    )
    THEN CASE CASE
        WHEN NOT (
          "t0"."first_by_address"
        )
        AND "t0"."pr_english"
        AND "t0"."practice_open"
        AND (
          "t0"."pr_region" <> ''
        )
        THEN "t0"."pr_region"
        WHEN "t0"."monitoring" AND (
          "t0"."gr_region" <> ''
        )
        THEN "t0"."gr_region"
        WHEN "t0"."first_by_address"
        AND (
          CASE
            WHEN "t0"."res_region" <> ''
            THEN "t0"."res_region"
            WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
            THEN "t0"."pv_region"
            ELSE ''
          END <> ''
        )
        THEN CASE
          WHEN "t0"."res_region" <> ''
          THEN "t0"."res_region"
          WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
          THEN "t0"."pv_region"
          ELSE ''
        END
        ELSE ''
      END
      WHEN 'Y56'
      THEN '13R'
      WHEN 'Y58'
      THEN '14F'
      WHEN 'Y59'
      THEN '14G'
      WHEN 'Y60'
      THEN '14A'
      WHEN 'Y61'
      THEN '14E'
      WHEN 'Y62'
      THEN '27T'
      WHEN 'Y63'
      THEN '85J'
      ELSE ''
    END
    ELSE "t0"."pv_hub"
  END AS "gp_hub",
  CASE
    WHEN NOT (
      "t0"."first_by_address"
    )
    AND "t0"."pr_english"
    AND "t0"."practice_open"
    AND (
      "t0"."pr_region" <> ''
    )
    THEN 'practice'
    WHEN "t0"."monitoring" AND (
      "t0"."gr_region" <> ''
    )
    THEN 'gp_practice_responsibility'
    WHEN "t0"."first_by_address"
    AND (
      CASE
        WHEN "t0"."res_region" <> ''
        THEN "t0"."res_region"
        WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
        THEN "t0"."pv_region"
        ELSE ''
      END <> ''
    )
    THEN CASE
      WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
      THEN 'provider_address'
      ELSE "t0"."residence"
    END
    ELSE "t0"."pv_hub_method"
  END AS "gp_hub_method",
  CASE
    WHEN "t0"."dms"
    AND (
      CASE
        WHEN "t0"."pr_place_region" <> ''
        THEN "t0"."pr_place_region"
        ELSE "t0"."pr_region"
      END <> ''
    )
    THEN CASE
      WHEN "t0"."pr_place_region" <> ''
      THEN "t0"."pr_place_region"
      ELSE "t0"."pr_region"
    END
    WHEN NOT (
      "t0"."no_practice"
    )
    AND "t0"."pr_english"
    AND "t0"."practice_open"
    AND (
      "t0"."pr_region" <> ''
    )
    THEN "t0"."pr_region"
    WHEN "t0"."monitoring" AND (
      "t0"."gr_region" <> ''
    )
    THEN "t0"."gr_region"
    ELSE CASE
      WHEN "t0"."res_region" <> ''
      THEN "t0"."res_region"
      WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
      THEN "t0"."pv_region"
      ELSE ''
    END
  END AS "ph_region",
  CASE
    WHEN "t0"."dms"
    AND (
      CASE
        WHEN "t0"."pr_place_region" <> ''
        THEN "t0"."pr_place_region"
        ELSE "t0"."pr_region"
      END <> ''
    )
    THEN 'practice_postcode'
    WHEN NOT (
      "t0"."no_practice"
    )
    AND "t0"."pr_english"
    AND "t0"."practice_open"
    AND (
      "t0"."pr_region" <> ''
    )
    THEN 'practice'
    WHEN "t0"."monitoring" AND (
      "t0"."gr_region" <> ''
    )
    THEN 'gp_practice_responsibility'
    ELSE CASE
      WHEN "t0"."residence" IN ('default', 'missing', 'no_directory')
      THEN 'provider_address'
      ELSE "t0"."residence"
    END
  END AS "ph_method",
  CASE
    WHEN (
      "t0"."res_country" = 'E92000001'
    )
    OR (
      (
        "t0"."res_country" = ''
      ) AND "t0"."welsh_gp"
    )
    THEN "t0"."gp_board"
    ELSE CASE
      WHEN (
        "t0"."residence" = 'residence_responsibility'
      )
      AND (
        "t0"."rr_kind" = 'welsh_board'
      )
      THEN "t0"."rr_code"
      WHEN "t0"."residence" = 'postcode'
      THEN "t0"."pc_board"
      WHEN (
        (
          "t0"."residence" = 'lsoa'
        )
        AND "t0"."welsh_gp"
        AND (
          "t0"."res_country" = 'W92000004'
        )
      )
      OR (
        "t0"."residence" = 'practice_postcode'
      )
      THEN "t0"."gp_board"
      ELSE ''
    END
  END AS "board",
  CASE
    WHEN (
      "t0"."res_country" = 'E92000001'
    )
    OR (
      (
        "t0"."res_country" = ''
      ) AND "t0"."welsh_gp"
    )
    OR (
      (
        "t0"."residence" = 'lsoa'
      )
      AND "t0"."welsh_gp"
      AND (
        "t0"."res_country" = 'W92000004'
      )
    )
    THEN CASE
      WHEN "t0"."gp_told"
      THEN 'gp_practice_responsibility'
      ELSE 'practice_postcode'
    END
    ELSE "t0"."residence"
  END AS "board_method",
  CASE CASE
      WHEN (
        "t0"."res_country" = 'E92000001'
      )
      OR (
        (
          "t0"."res_country" = ''
        ) AND "t0"."welsh_gp"
      )
      THEN 'W92000004'
      ELSE "t0"."res_country"
    END
    WHEN 'W92000004'
    THEN '7A5HC'
    WHEN 'S92000003'
    THEN 'SD002'
    ELSE ''
  END AS "devolved_body",
  CASE
    WHEN (
      "t0"."res_country" = 'E92000001'
    )
    OR (
      (
        "t0"."res_country" = ''
      ) AND "t0"."welsh_gp"
    )
    THEN CASE
      WHEN "t0"."gp_told"
      THEN 'gp_practice_responsibility'
      ELSE 'practice_country'
    END
    ELSE 'residence_country'
  END AS "devolved_method",
  CASE WHEN "t0"."res_lad" <> '' THEN "t0"."res_lad" ELSE "t0"."pv_lad" END AS "lad_code",
  CASE WHEN "t0"."res_lad" <> '' THEN "t0"."residence" ELSE 'provider_address' END AS "lad_method",
  "t0"."english_gp"
  OR "t0"."res_country" IN ('E92000001', 'W92000004', 'S92000003', 'N92000002') AS "registered_here"
FROM "assign_placed" AS "t0"
