SELECT
  "t7"."row_key",
  "t7"."period",
  "t7"."component",
  "t7"."commissioned_service_category",
  "t7"."supply_route",
  "t7"."service_line_final",
  "t7"."assignment_date",
  "t7"."ln_specialised",
  "t7"."ln_status",
  "t7"."ln_set",
  "t7"."ln_pss",
  "t7"."ln_npoc",
  "t7"."pr_sub_icb",
  "t7"."residence",
  "t7"."res_sub_icb",
  "t7"."res_country",
  "t7"."resp_code",
  "t7"."resp_method",
  CASE
    WHEN COALESCE("t7"."rp_icb", '') <> ''
    THEN COALESCE("t7"."rp_icb", '')
    ELSE CASE
      WHEN "t7"."resp_method" = 'practice'
      THEN "t7"."pr_icb_2026"
      WHEN "t7"."resp_method" = 'provider_address'
      THEN "t7"."pv_icb"
      ELSE "t7"."res_icb_2026"
    END
  END AS "resp_icb",
  COALESCE("t7"."rp_region", '') AS "rp_region",
  COALESCE("t7"."rp_delegated", FALSE) AS "rp_delegated",
  CASE
    WHEN COALESCE("t7"."pp_icb", '') <> ''
    THEN COALESCE("t7"."pp_icb", '')
    WHEN "t7"."placed"
    THEN CASE
      WHEN "t7"."resp_method" = 'practice'
      THEN "t7"."pr_icb_2026"
      WHEN "t7"."resp_method" = 'provider_address'
      THEN "t7"."pv_icb"
      ELSE "t7"."res_icb_2026"
    END
    ELSE "t7"."ls_icb_2026"
  END AS "pop_icb",
  CASE
    WHEN (
      COALESCE("t7"."pp_icb", '') = "t7"."pop_code"
    )
    AND (
      "t7"."pop_code" <> ''
    )
    THEN ''
    ELSE "t7"."pop_code"
  END AS "pop_sub_icb",
  "t7"."population_method",
  "t7"."sp_hub",
  "t7"."pv_sub_icb",
  "t7"."pv_icb",
  "t7"."pv_region",
  "t7"."pv_hub",
  "t7"."pv_hub_method",
  "t7"."pv_contracting_host",
  "t7"."commissioner_submitted",
  "t7"."cs_code",
  "t7"."cs_kind",
  CAST(CASE
    WHEN "t7"."record_only"
    THEN -1
    WHEN "t7"."component" <> 'activity'
    THEN -2
    ELSE (
      "t7"."period" * 2
    ) + CASE WHEN "t7"."monitoring" THEN 1 ELSE 0 END
  END AS INT) AS "rule_key",
  CASE
    WHEN NOT (
      "t7"."record_only"
    ) AND (
      "t7"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t7"."appendix_c_service" = 'Y' THEN 1 ELSE 0 END + CASE WHEN "t7"."armed_forces_fertility_approved" = 'Y' THEN 2 ELSE 0 END + CASE WHEN "t7"."pr_army" AND "t7"."practice_open" THEN 4 ELSE 0 END + CASE WHEN "t7"."ln_mental" THEN 8 ELSE 0 END + CASE WHEN "t7"."cds_type" = '011' THEN 16 ELSE 0 END + CASE WHEN "t7"."pv_hub" <> '' THEN 32 ELSE 0 END + CASE WHEN COALESCE("t7"."rp_delegated", FALSE) THEN 64 ELSE 0 END + CASE WHEN "t7"."sp_use" = 'eea_access' THEN 128 ELSE 0 END + CASE
      WHEN (
        NOT (
          "t7"."no_practice"
        ) AND "t7"."pr_english" AND "t7"."practice_open"
      )
      OR (
        "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
      )
      THEN 256
      ELSE 0
    END + CASE
      WHEN NOT (
        "t7"."no_practice"
      )
      AND "t7"."pr_english"
      AND "t7"."practice_open"
      AND NOT (
        "t7"."pr_abroad"
      )
      AND (
        "t7"."res_icb" IN ('QYG', 'QOC', 'QGH', 'QR1', 'QUY')
        OR "t7"."res_lad" IN ('W06000005', 'W06000006', 'W06000023', 'W06000021', 'W06000004')
      )
      THEN 512
      ELSE 0
    END + CASE
      WHEN "t7"."ln_specialised" AND (
        "t7"."ln_status" = 'green'
      )
      THEN 1024
      ELSE 0
    END + CASE
      WHEN (
        "t7"."sp_hub" <> ''
      )
      AND (
        NOT (
          "t7"."scope" = 'admitted'
        ) OR (
          "t7"."source_of_admission" = '39'
        )
      )
      THEN 2048
      ELSE 0
    END + CASE WHEN "t7"."ln_highly" THEN 4096 ELSE 0 END + CASE WHEN "t7"."infertility" THEN 8192 ELSE 0 END + CASE WHEN "t7"."osv_international_agreement" = 'Y' THEN 16384 ELSE 0 END + CASE
      WHEN (
        "t7"."overseas_visitor_charging_category" IN ('A')
        OR (
          "t7"."overseas_visitor_charging_category" = ''
        )
      )
      AND NOT (
        "t7"."pr_abroad" AND "t7"."practice_open"
      )
      AND "t7"."res_country" IN ('E92000001', 'W92000004', 'S92000003', 'N92000002')
      THEN 32768
      ELSE 0
    END + CASE WHEN "t7"."other_public_health" = 'Y' THEN 65536 ELSE 0 END + CASE
      WHEN "t7"."overseas_visitor_charging_category" IN ('D', 'F')
      OR "t7"."administrative_category" IN ('02')
      THEN 131072
      ELSE 0
    END + CASE WHEN "t7"."ln_status" IN ('red', 'blue') THEN 262144 ELSE 0 END + CASE WHEN "t7"."referred_via_ras" = 'Y' THEN 524288 ELSE 0 END + CASE WHEN "t7"."res_country" = 'E92000001' THEN 1048576 ELSE 0 END + CASE
      WHEN "t7"."treatment_function_code" IN ('140', '141', '142', '143', '144', '145', '217', '450', '451')
      THEN 2097152
      ELSE 0
    END + CASE
      WHEN (
        "t7"."section_7a_service" = 'Y'
      ) OR "t7"."ln_public_health"
      THEN 4194304
      ELSE 0
    END + CASE WHEN "t7"."ln_specialised" THEN 8388608 ELSE 0 END + CASE
      WHEN "t7"."pr_welsh"
      AND "t7"."practice_open"
      AND (
        "t7"."res_icb" IN ('QYG', 'QOC', 'QGH', 'QR1', 'QUY')
        OR "t7"."res_lad" IN ('W06000005', 'W06000006', 'W06000023', 'W06000021', 'W06000004')
      )
      THEN 16777216
      ELSE 0
    END
    ELSE 0
  END AS "answers",
  CASE
    WHEN NOT (
      "t7"."record_only"
    ) AND (
      "t7"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t7"."appendix_c_service" = '' THEN 1 ELSE 0 END + CASE WHEN "t7"."armed_forces_fertility_approved" = '' THEN 2 ELSE 0 END + CASE WHEN "t7"."gp_practice_code" = '' THEN 4 ELSE 0 END + CASE WHEN FALSE THEN 8 ELSE 0 END + CASE WHEN FALSE THEN 16 ELSE 0 END + CASE WHEN FALSE THEN 32 ELSE 0 END + CASE WHEN FALSE THEN 64 ELSE 0 END + CASE WHEN "t7"."postcode" = '' THEN 128 ELSE 0 END + CASE
      WHEN (
        "t7"."gp_practice_code" = ''
      )
      AND NOT (
        "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
      )
      THEN 256
      ELSE 0
    END + CASE
      WHEN (
        (
          "t7"."gp_practice_code" = ''
        )
        AND (
          "t7"."residence" IN ('missing', 'no_directory')
          OR (
            "t7"."res_icb" IN ('QYG', 'QOC', 'QGH', 'QR1', 'QUY')
            OR "t7"."res_lad" IN ('W06000005', 'W06000006', 'W06000023', 'W06000021', 'W06000004')
          )
        )
      )
      OR (
        "t7"."residence" IN ('missing', 'no_directory')
        AND (
          NOT (
            "t7"."no_practice"
          )
          AND "t7"."pr_english"
          AND "t7"."practice_open"
          AND NOT (
            "t7"."pr_abroad"
          )
        )
      )
      THEN 512
      ELSE 0
    END + CASE WHEN FALSE THEN 1024 ELSE 0 END + CASE
      WHEN (
        "t7"."postcode" = ''
      )
      AND (
        NOT (
          "t7"."scope" = 'admitted'
        )
        OR (
          "t7"."source_of_admission" = '39'
        )
        OR (
          "t7"."source_of_admission" = ''
        )
      )
      THEN 2048
      ELSE 0
    END + CASE WHEN FALSE THEN 4096 ELSE 0 END + CASE WHEN "t7"."monitoring" THEN 8192 ELSE 0 END + CASE WHEN "t7"."osv_international_agreement" = '' THEN 16384 ELSE 0 END + CASE
      WHEN (
        "t7"."overseas_visitor_charging_category" = ''
      )
      OR "t7"."residence" IN ('missing', 'no_directory')
      THEN 32768
      ELSE 0
    END + CASE WHEN "t7"."other_public_health" = '' THEN 65536 ELSE 0 END + CASE
      WHEN (
        "t7"."overseas_visitor_charging_category" = ''
      )
      AND (
        "t7"."administrative_category" = ''
      )
      THEN 131072
      ELSE 0
    END + CASE WHEN FALSE THEN 262144 ELSE 0 END + CASE WHEN "t7"."referred_via_ras" = '' THEN 524288 ELSE 0 END + CASE WHEN "t7"."residence" IN ('missing', 'no_directory') THEN 1048576 ELSE 0 END + CASE WHEN "t7"."treatment_function_code" = '' THEN 2097152 ELSE 0 END + CASE
      WHEN (
        "t7"."section_7a_service" = ''
      ) AND NOT (
        "t7"."ln_public_health"
      )
      THEN 4194304
      ELSE 0
    END + CASE WHEN FALSE THEN 8388608 ELSE 0 END + CASE
      WHEN (
        (
          "t7"."gp_practice_code" = ''
        )
        AND (
          "t7"."residence" IN ('missing', 'no_directory')
          OR (
            "t7"."res_icb" IN ('QYG', 'QOC', 'QGH', 'QR1', 'QUY')
            OR "t7"."res_lad" IN ('W06000005', 'W06000006', 'W06000023', 'W06000021', 'W06000004')
          )
        )
      )
      OR (
        "t7"."residence" IN ('missing', 'no_directory')
        AND (
          "t7"."pr_welsh" AND "t7"."practice_open"
        )
      )
      THEN 16777216
      ELSE 0
    END
    ELSE 0
  END AS "unanswerable",
  CASE
    WHEN NOT (
      "t7"."record_only"
    ) AND (
      "t7"."component" = 'activity'
    )
    THEN 0 + CASE WHEN "t7"."overseas_visitor_charging_category" = '' THEN 1 ELSE 0 END + CASE WHEN "t7"."ln_status" = 'blue' THEN 2 ELSE 0 END + CASE WHEN "t7"."pv_hub_method" = 'region_of_provider' THEN 4 ELSE 0 END + CASE WHEN "t7"."residence" = 'not_in_directory' THEN 8 ELSE 0 END + CASE WHEN "t7"."residence" = 'no_directory' THEN 16 ELSE 0 END + CASE
      WHEN (
        "t7"."service_line_final" <> ''
      )
      AND "t7"."ln_specialised"
      AND NOT (
        "t7"."ln_listed"
      )
      THEN 32
      ELSE 0
    END + CASE
      WHEN (
        "t7"."resp_code" <> ''
      ) AND (
        COALESCE("t7"."rp_icb", '') = ''
      )
      THEN 64
      ELSE 0
    END + CASE WHEN "t7"."resp_method" = 'icb_only' THEN 128 ELSE 0 END
    ELSE 0
  END AS "notes",
  CASE
    WHEN (
      NOT (
        "t7"."first_by_address"
      )
      AND "t7"."pr_english"
      AND "t7"."practice_open"
      AND (
        "t7"."pr_region" <> ''
      )
    )
    OR (
      "t7"."first_by_address"
      OR (
        "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
      )
    )
    THEN CASE CASE
        WHEN NOT (
          "t7"."first_by_address"
        )
        AND "t7"."pr_english"
        AND "t7"."practice_open"
        AND (
          "t7"."pr_region" <> ''
        )
        THEN "t7"."pr_region"
        WHEN "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
        THEN COALESCE("t7"."rp_region", '')
        WHEN "t7"."res_region" <> ''
        THEN "t7"."res_region"
        ELSE "t7"."pv_region"
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
    ELSE "t7"."pv_hub"
  END AS "gp_hub",
  CASE
    WHEN NOT (
      "t7"."first_by_address"
    )
    AND "t7"."pr_english"
    AND "t7"."practice_open"
    AND (
      "t7"."pr_region" <> ''
    )
    THEN 'practice'
    WHEN "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
    THEN 'gp_practice_responsibility'
    WHEN "t7"."first_by_address"
    OR (
      "t7"."monitoring" AND "t7"."gr_kind" IN ('sub_icb', 'icb')
    )
    THEN CASE
      WHEN "t7"."res_region" <> ''
      THEN CASE
        WHEN "t7"."residence" IN ('postcode', 'lsoa', 'practice_postcode', 'residence_responsibility')
        THEN "t7"."residence"
        ELSE 'provider_address'
      END
      ELSE 'provider_address'
    END
    ELSE "t7"."pv_hub_method"
  END AS "gp_hub_method",
  CASE
    WHEN "t7"."pr_army" AND (
      "t7"."pr_place_region" <> ''
    )
    THEN "t7"."pr_place_region"
    WHEN NOT (
      "t7"."no_practice"
    )
    AND "t7"."pr_english"
    AND "t7"."practice_open"
    AND (
      "t7"."pr_region" <> ''
    )
    THEN "t7"."pr_region"
    WHEN "t7"."res_region" <> ''
    THEN "t7"."res_region"
    WHEN "t7"."monitoring" AND (
      COALESCE("t7"."rp_region", '') <> ''
    )
    THEN COALESCE("t7"."rp_region", '')
    ELSE "t7"."pv_region"
  END AS "ph_region",
  CASE
    WHEN "t7"."pr_army" AND (
      "t7"."pr_place_region" <> ''
    )
    THEN 'practice_postcode'
    WHEN NOT (
      "t7"."no_practice"
    )
    AND "t7"."pr_english"
    AND "t7"."practice_open"
    AND (
      "t7"."pr_region" <> ''
    )
    THEN 'practice'
    WHEN "t7"."res_region" <> ''
    THEN "t7"."residence"
    WHEN "t7"."monitoring" AND (
      COALESCE("t7"."rp_region", '') <> ''
    )
    THEN "t7"."resp_method"
    ELSE 'provider_address'
  END AS "ph_method",
  CASE
    WHEN (
      "t7"."res_country" = 'E92000001'
    )
    OR (
      (
        "t7"."res_country" = ''
      ) AND "t7"."pr_welsh"
    )
    THEN "t7"."pr_board"
    ELSE CASE
      WHEN (
        "t7"."residence" = 'residence_responsibility'
      )
      AND (
        "t7"."rr_kind" = 'welsh_board'
      )
      THEN "t7"."rr_code"
      WHEN "t7"."residence" = 'postcode'
      THEN "t7"."pc_board"
      WHEN "t7"."pr_welsh"
      THEN "t7"."pr_board"
      ELSE ''
    END
  END AS "board",
  CASE
    WHEN (
      "t7"."res_country" = 'E92000001'
    )
    OR (
      (
        "t7"."res_country" = ''
      ) AND "t7"."pr_welsh"
    )
    OR (
      (
        "t7"."residence" = 'lsoa'
      ) AND "t7"."pr_welsh"
    )
    THEN 'practice_postcode'
    ELSE "t7"."residence"
  END AS "board_method",
  CASE CASE
      WHEN (
        "t7"."res_country" = 'E92000001'
      )
      OR (
        (
          "t7"."res_country" = ''
        ) AND "t7"."pr_welsh"
      )
      THEN 'W92000004'
      ELSE "t7"."res_country"
    END
    WHEN 'W92000004'
    THEN '7A5HC'
    WHEN 'S92000003'
    THEN 'SD002'
    ELSE ''
  END AS "devolved_body",
  CASE
    WHEN (
      "t7"."res_country" = 'E92000001'
    )
    OR (
      (
        "t7"."res_country" = ''
      ) AND "t7"."pr_welsh"
    )
    THEN 'practice_country'
    ELSE 'residence_country'
  END AS "devolved_method",
  CASE WHEN "t7"."res_lad" <> '' THEN "t7"."res_lad" ELSE "t7"."pv_lad" END AS "lad_code",
  CASE WHEN "t7"."res_lad" <> '' THEN "t7"."residence" ELSE 'provider_address' END AS "lad_method",
  (
    NOT (
      "t7"."no_practice"
    ) AND "t7"."pr_english" AND "t7"."practice_open"
  )
  OR (
    "t7"."res_country" IN ('E92000001', 'W92000004', 'S92000003', 'N92000002')
    AND "t7"."residence" IN ('postcode', 'lsoa', 'practice_postcode', 'residence_responsibility')
  ) AS "registered_here"
FROM (
  SELECT
    "t2"."row_key",
    "t2"."component",
    "t2"."gp_practice_code",
    "t2"."gp_practice_responsibility",
    "t2"."postcode",
    "t2"."treatment_function_code",
    "t2"."source_of_admission",
    "t2"."administrative_category",
    "t2"."overseas_visitor_charging_category",
    "t2"."point_of_delivery",
    "t2"."commissioned_service_category",
    "t2"."supply_route",
    "t2"."commissioner_submitted",
    "t2"."service_line_final",
    "t2"."service_line_submitted",
    "t2"."referred_via_ras",
    "t2"."section_7a_service",
    "t2"."other_public_health",
    "t2"."armed_forces_fertility_approved",
    "t2"."osv_international_agreement",
    "t2"."appendix_c_service",
    "t2"."cds_type",
    "t2"."scope",
    "t2"."monitoring",
    "t2"."record_only",
    "t2"."infertility",
    "t2"."assignment_date",
    "t2"."period",
    "t2"."pr_sub_icb",
    "t2"."pr_welsh",
    "t2"."pr_english",
    "t2"."pr_army",
    "t2"."pr_abroad",
    "t2"."pr_region",
    "t2"."pr_board",
    "t2"."pr_icb_2026",
    "t2"."pr_place_region",
    "t2"."sp_use",
    "t2"."sp_hub",
    "t2"."pc_board",
    "t2"."ls_icb_2026",
    "t2"."pv_sub_icb",
    "t2"."pv_region",
    "t2"."pv_icb",
    "t2"."pv_lad",
    "t2"."pv_hub",
    "t2"."pv_hub_method",
    "t2"."pv_contracting_host",
    "t2"."ln_status",
    "t2"."ln_listed",
    "t2"."ln_specialised",
    "t2"."ln_highly",
    "t2"."ln_mental",
    "t2"."ln_public_health",
    "t2"."ln_flag",
    "t2"."ln_dental",
    "t2"."ln_set",
    "t2"."ln_pss",
    "t2"."ln_npoc",
    "t2"."gr_code",
    "t2"."gr_kind",
    "t2"."rr_code",
    "t2"."rr_kind",
    "t2"."cs_code",
    "t2"."cs_kind",
    "t2"."practice_open",
    "t2"."no_practice",
    "t2"."residence",
    "t2"."res_country",
    "t2"."res_sub_icb",
    "t2"."res_icb",
    "t2"."res_icb_2026",
    "t2"."res_region",
    "t2"."res_lad",
    "t2"."first_by_address",
    "t2"."resp_method",
    "t2"."resp_code",
    "t2"."placed",
    "t2"."pop_code",
    "t2"."population_method",
    "t5"."rp_icb",
    "t5"."rp_region",
    "t5"."rp_hub",
    "t5"."rp_delegated",
    "t6"."pp_icb",
    "t6"."pp_region",
    "t6"."pp_hub",
    "t6"."pp_delegated"
  FROM "assign_facts" AS "t2"
  LEFT OUTER JOIN (
    SELECT
      "t1"."icb" AS "rp_icb",
      "t1"."region" AS "rp_region",
      "t1"."hub" AS "rp_hub",
      "t1"."delegated" AS "rp_delegated",
      "t1"."code" AS "key_0_code",
      "t1"."period" AS "key_0_period"
    FROM "assign_places" AS "t1"
  ) AS "t5"
    ON "t2"."resp_code" = "t5"."key_0_code" AND "t2"."period" = "t5"."key_0_period"
  LEFT OUTER JOIN (
    SELECT
      "t1"."icb" AS "pp_icb",
      "t1"."region" AS "pp_region",
      "t1"."hub" AS "pp_hub",
      "t1"."delegated" AS "pp_delegated",
      "t1"."code" AS "key_1_code",
      "t1"."period" AS "key_1_period"
    FROM "assign_places" AS "t1"
  ) AS "t6"
    ON "t2"."pop_code" = "t6"."key_1_code" AND "t2"."period" = "t6"."key_1_period"
) AS "t7"
