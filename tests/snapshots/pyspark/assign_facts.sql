SELECT
  `t30`.`row_key`,
  `t30`.`component`,
  `t30`.`gp_practice_code`,
  `t30`.`gp_practice_responsibility`,
  `t30`.`postcode`,
  `t30`.`treatment_function_code`,
  `t30`.`source_of_admission`,
  `t30`.`administrative_category`,
  `t30`.`overseas_visitor_charging_category`,
  `t30`.`point_of_delivery`,
  `t30`.`commissioned_service_category`,
  `t30`.`supply_route`,
  `t30`.`commissioner_submitted`,
  `t30`.`service_line_final`,
  `t30`.`service_line_submitted`,
  `t30`.`referred_via_ras`,
  `t30`.`section_7a_service`,
  `t30`.`other_public_health`,
  `t30`.`armed_forces_fertility_approved`,
  `t30`.`osv_international_agreement`,
  `t30`.`appendix_c_service`,
  `t30`.`cds_type`,
  `t30`.`scope`,
  `t30`.`monitoring`,
  `t30`.`record_only`,
  `t30`.`infertility`,
  `t30`.`assignment_date`,
  `t30`.`period`,
  `t30`.`pr_sub_icb`,
  `t30`.`pr_welsh`,
  `t30`.`pr_english`,
  `t30`.`pr_army`,
  `t30`.`pr_abroad`,
  `t30`.`pr_region`,
  `t30`.`pr_board`,
  `t30`.`pr_icb_2026`,
  `t30`.`pr_place_region`,
  `t30`.`sp_use`,
  `t30`.`sp_hub`,
  `t30`.`pc_board`,
  `t30`.`ls_icb_2026`,
  `t30`.`pv_sub_icb`,
  `t30`.`pv_region`,
  `t30`.`pv_icb`,
  `t30`.`pv_lad`,
  `t30`.`pv_hub`,
  `t30`.`pv_hub_method`,
  `t30`.`pv_contracting_host`,
  `t30`.`ln_status`,
  `t30`.`ln_listed`,
  `t30`.`ln_specialised`,
  `t30`.`ln_highly`,
  `t30`.`ln_mental`,
  `t30`.`ln_public_health`,
  `t30`.`ln_flag`,
  `t30`.`ln_dental`,
  `t30`.`ln_set`,
  `t30`.`ln_pss`,
  `t30`.`ln_npoc`,
  `t30`.`gr_code`,
  `t30`.`gr_kind`,
  `t30`.`rr_code`,
  `t30`.`rr_kind`,
  `t30`.`cs_code`,
  `t30`.`cs_kind`,
  `t30`.`practice_open`,
  `t30`.`no_practice`,
  `t30`.`residence`,
  `t30`.`res_country`,
  `t30`.`res_sub_icb`,
  `t30`.`res_icb`,
  `t30`.`res_icb_2026`,
  `t30`.`res_region`,
  `t30`.`res_lad`,
  `t30`.`first_by_address`,
  `t30`.`resp_method`,
  `t30`.`resp_code`,
  `t30`.`placed`,
  `t30`.`pop_code`,
  `t30`.`population_method`
FROM (
  SELECT
    `t29`.`row_key`,
    `t29`.`flow`,
    `t29`.`component`,
    `t29`.`provider_code`,
    `t29`.`gp_practice_code`,
    `t29`.`gp_practice_responsibility`,
    `t29`.`residence_responsibility`,
    `t29`.`postcode`,
    `t29`.`lsoa21_code`,
    `t29`.`treatment_function_code`,
    `t29`.`source_of_admission`,
    `t29`.`administrative_category`,
    `t29`.`overseas_visitor_charging_category`,
    `t29`.`point_of_delivery`,
    `t29`.`commissioned_service_category`,
    `t29`.`supply_route`,
    `t29`.`commissioner_submitted`,
    `t29`.`service_line_final`,
    `t29`.`service_line_submitted`,
    `t29`.`referred_via_ras`,
    `t29`.`section_7a_service`,
    `t29`.`other_public_health`,
    `t29`.`armed_forces_fertility_approved`,
    `t29`.`osv_international_agreement`,
    `t29`.`appendix_c_service`,
    `t29`.`cds_type`,
    `t29`.`scope`,
    `t29`.`monitoring`,
    `t29`.`record_only`,
    `t29`.`infertility`,
    `t29`.`assignment_date`,
    `t29`.`period`,
    `t29`.`pr_sub_icb`,
    `t29`.`pr_welsh`,
    `t29`.`pr_english`,
    `t29`.`pr_army`,
    `t29`.`pr_abroad`,
    `t29`.`pr_region`,
    `t29`.`pr_board`,
    `t29`.`pr_icb_2026`,
    `t29`.`pr_place_sub_icb`,
    `t29`.`pr_place_region`,
    `t29`.`pr_commissioner_to`,
    `t29`.`pr_close_date`,
    `t29`.`sp_use`,
    `t29`.`sp_hub`,
    `t29`.`pc_country`,
    `t29`.`pc_sub_icb`,
    `t29`.`pc_icb`,
    `t29`.`pc_lad`,
    `t29`.`pc_board`,
    `t29`.`pc_region`,
    `t29`.`pc_icb_2026`,
    `t29`.`ls_sub_icb`,
    `t29`.`ls_icb`,
    `t29`.`ls_icb_2026`,
    `t29`.`ls_region`,
    `t29`.`ls_lad`,
    `t29`.`pv_sub_icb`,
    `t29`.`pv_region`,
    `t29`.`pv_icb`,
    `t29`.`pv_lad`,
    `t29`.`pv_hub`,
    `t29`.`pv_hub_method`,
    `t29`.`pv_contracting_host`,
    `t29`.`ln_status`,
    `t29`.`ln_listed`,
    `t29`.`ln_specialised`,
    `t29`.`ln_highly`,
    `t29`.`ln_mental`,
    `t29`.`ln_public_health`,
    `t29`.`ln_flag`,
    `t29`.`ln_dental`,
    `t29`.`ln_set`,
    `t29`.`ln_pss`,
    `t29`.`ln_npoc`,
    `t29`.`gr_code`,
    `t29`.`gr_kind`,
    `t29`.`rr_code`,
    `t29`.`rr_kind`,
    `t29`.`cs_code`,
    `t29`.`cs_kind`,
    `t29`.`in_directory`,
    `t29`.`practice_known`,
    `t29`.`practice_open`,
    `t29`.`no_practice`,
    `t29`.`residence`,
    `t29`.`res_country`,
    `t29`.`res_sub_icb`,
    `t29`.`res_icb`,
    `t29`.`res_icb_2026`,
    `t29`.`res_region`,
    `t29`.`res_lad`,
    `t29`.`first_by_address`,
    `t29`.`resp_method`,
    CASE `t29`.`resp_method`
      WHEN 'practice'
      THEN `t29`.`pr_sub_icb`
      WHEN 'gp_practice_responsibility'
      THEN `t29`.`gr_code`
      WHEN 'commissioner_submitted'
      THEN `t29`.`cs_code`
      WHEN 'icb_only'
      THEN IF(`t29`.`gr_kind` = 'icb', `t29`.`gr_code`, `t29`.`rr_code`)
      WHEN 'provider_address'
      THEN `t29`.`pv_sub_icb`
      WHEN 'none'
      THEN ''
      ELSE `t29`.`res_sub_icb`
    END AS `resp_code`,
    NOT (
      `t29`.`resp_method` IN ('provider_address', 'none')
    ) AS `placed`,
    CASE
      WHEN NOT (
        `t29`.`resp_method` IN ('provider_address', 'none')
      )
      THEN CASE `t29`.`resp_method`
        WHEN 'practice'
        THEN `t29`.`pr_sub_icb`
        WHEN 'gp_practice_responsibility'
        THEN `t29`.`gr_code`
        WHEN 'commissioner_submitted'
        THEN `t29`.`cs_code`
        WHEN 'icb_only'
        THEN IF(`t29`.`gr_kind` = 'icb', `t29`.`gr_code`, `t29`.`rr_code`)
        WHEN 'provider_address'
        THEN `t29`.`pv_sub_icb`
        WHEN 'none'
        THEN ''
        ELSE `t29`.`res_sub_icb`
      END
      WHEN `t29`.`ls_sub_icb` <> ''
      THEN `t29`.`ls_sub_icb`
      WHEN IF(`t29`.`gr_kind` IN ('sub_icb', 'icb'), `t29`.`gr_code`, '') <> ''
      THEN IF(`t29`.`gr_kind` IN ('sub_icb', 'icb'), `t29`.`gr_code`, '')
      WHEN IF(`t29`.`rr_kind` IN ('sub_icb', 'icb'), `t29`.`rr_code`, '') <> ''
      THEN IF(`t29`.`rr_kind` IN ('sub_icb', 'icb'), `t29`.`rr_code`, '')
      ELSE ''
    END AS `pop_code`,
    CASE
      WHEN NOT (
        `t29`.`resp_method` IN ('provider_address', 'none')
      )
      THEN CASE `t29`.`resp_method`
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
        ELSE `t29`.`resp_method`
      END
      WHEN `t29`.`ls_sub_icb` <> ''
      THEN 'lsoa'
      WHEN IF(`t29`.`gr_kind` IN ('sub_icb', 'icb'), `t29`.`gr_code`, '') <> ''
      THEN 'responsibility'
      WHEN IF(`t29`.`rr_kind` IN ('sub_icb', 'icb'), `t29`.`rr_code`, '') <> ''
      THEN 'responsibility'
      ELSE 'none'
    END AS `population_method`
  FROM (
    SELECT
      `t28`.`row_key`,
      `t28`.`flow`,
      `t28`.`component`,
      `t28`.`provider_code`,
      `t28`.`gp_practice_code`,
      `t28`.`gp_practice_responsibility`,
      `t28`.`residence_responsibility`,
      `t28`.`postcode`,
      `t28`.`lsoa21_code`,
      `t28`.`treatment_function_code`,
      `t28`.`source_of_admission`,
      `t28`.`administrative_category`,
      `t28`.`overseas_visitor_charging_category`,
      `t28`.`point_of_delivery`,
      `t28`.`commissioned_service_category`,
      `t28`.`supply_route`,
      `t28`.`commissioner_submitted`,
      `t28`.`service_line_final`,
      `t28`.`service_line_submitted`,
      `t28`.`referred_via_ras`,
      `t28`.`section_7a_service`,
      `t28`.`other_public_health`,
      `t28`.`armed_forces_fertility_approved`,
      `t28`.`osv_international_agreement`,
      `t28`.`appendix_c_service`,
      `t28`.`cds_type`,
      `t28`.`scope`,
      `t28`.`monitoring`,
      `t28`.`record_only`,
      `t28`.`infertility`,
      `t28`.`assignment_date`,
      `t28`.`period`,
      `t28`.`pr_sub_icb`,
      `t28`.`pr_welsh`,
      `t28`.`pr_english`,
      `t28`.`pr_army`,
      `t28`.`pr_abroad`,
      `t28`.`pr_region`,
      `t28`.`pr_board`,
      `t28`.`pr_icb_2026`,
      `t28`.`pr_place_sub_icb`,
      `t28`.`pr_place_region`,
      `t28`.`pr_commissioner_to`,
      `t28`.`pr_close_date`,
      `t28`.`sp_use`,
      `t28`.`sp_hub`,
      `t28`.`pc_country`,
      `t28`.`pc_sub_icb`,
      `t28`.`pc_icb`,
      `t28`.`pc_lad`,
      `t28`.`pc_board`,
      `t28`.`pc_region`,
      `t28`.`pc_icb_2026`,
      `t28`.`ls_sub_icb`,
      `t28`.`ls_icb`,
      `t28`.`ls_icb_2026`,
      `t28`.`ls_region`,
      `t28`.`ls_lad`,
      `t28`.`pv_sub_icb`,
      `t28`.`pv_region`,
      `t28`.`pv_icb`,
      `t28`.`pv_lad`,
      `t28`.`pv_hub`,
      `t28`.`pv_hub_method`,
      `t28`.`pv_contracting_host`,
      `t28`.`ln_status`,
      `t28`.`ln_listed`,
      `t28`.`ln_specialised`,
      `t28`.`ln_highly`,
      `t28`.`ln_mental`,
      `t28`.`ln_public_health`,
      `t28`.`ln_flag`,
      `t28`.`ln_dental`,
      `t28`.`ln_set`,
      `t28`.`ln_pss`,
      `t28`.`ln_npoc`,
      `t28`.`gr_code`,
      `t28`.`gr_kind`,
      `t28`.`rr_code`,
      `t28`.`rr_kind`,
      `t28`.`cs_code`,
      `t28`.`cs_kind`,
      `t28`.`in_directory`,
      `t28`.`practice_known`,
      `t28`.`practice_open`,
      `t28`.`no_practice`,
      `t28`.`residence`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_country`
        WHEN `t28`.`residence` = 'lsoa'
        THEN CASE
          WHEN STARTSWITH(`t28`.`lsoa21_code`, 'W')
          THEN 'W92000004'
          WHEN STARTSWITH(`t28`.`lsoa21_code`, 'S')
          THEN 'S92000003'
          ELSE 'E92000001'
        END
        WHEN `t28`.`residence` = 'residence_responsibility'
        THEN IF(`t28`.`rr_kind` = 'welsh_board', 'W92000004', 'E92000001')
        WHEN `t28`.`residence` IN ('abroad', 'not_in_directory')
        THEN ''
        ELSE 'E92000001'
      END AS `res_country`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_sub_icb`
        WHEN `t28`.`residence` = 'lsoa'
        THEN `t28`.`ls_sub_icb`
        WHEN `t28`.`residence` = 'practice_postcode'
        THEN `t28`.`pr_place_sub_icb`
        WHEN `t28`.`residence` = 'residence_responsibility'
        THEN IF(`t28`.`rr_kind` IN ('sub_icb'), `t28`.`rr_code`, '')
        ELSE ''
      END AS `res_sub_icb`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_icb`
        WHEN `t28`.`residence` = 'lsoa'
        THEN `t28`.`ls_icb`
        ELSE ''
      END AS `res_icb`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_icb_2026`
        WHEN `t28`.`residence` = 'lsoa'
        THEN `t28`.`ls_icb_2026`
        ELSE ''
      END AS `res_icb_2026`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_region`
        WHEN `t28`.`residence` = 'lsoa'
        THEN `t28`.`ls_region`
        WHEN `t28`.`residence` = 'practice_postcode'
        THEN `t28`.`pr_place_region`
        ELSE ''
      END AS `res_region`,
      CASE
        WHEN `t28`.`residence` = 'postcode'
        THEN `t28`.`pc_lad`
        WHEN `t28`.`residence` = 'lsoa'
        THEN `t28`.`ls_lad`
        ELSE ''
      END AS `res_lad`,
      `t28`.`no_practice` OR (
        `t28`.`sp_hub` <> ''
      ) OR `t28`.`pr_army` AS `first_by_address`,
      CASE
        WHEN NOT (
          `t28`.`no_practice` OR (
            `t28`.`sp_hub` <> ''
          ) OR `t28`.`pr_army`
        )
        AND `t28`.`pr_english`
        AND `t28`.`practice_open`
        AND (
          `t28`.`pr_sub_icb` <> ''
        )
        AND (
          (
            `t28`.`pr_commissioner_to` IS NULL
          )
          OR (
            `t28`.`assignment_date` <= `t28`.`pr_commissioner_to`
          )
        )
        THEN 'practice'
        WHEN `t28`.`monitoring` AND (
          `t28`.`gr_kind` = 'sub_icb'
        )
        THEN 'gp_practice_responsibility'
        WHEN CASE
          WHEN `t28`.`residence` = 'postcode'
          THEN `t28`.`pc_sub_icb`
          WHEN `t28`.`residence` = 'lsoa'
          THEN `t28`.`ls_sub_icb`
          WHEN `t28`.`residence` = 'practice_postcode'
          THEN `t28`.`pr_place_sub_icb`
          WHEN `t28`.`residence` = 'residence_responsibility'
          THEN IF(`t28`.`rr_kind` IN ('sub_icb'), `t28`.`rr_code`, '')
          ELSE ''
        END <> ''
        THEN `t28`.`residence`
        WHEN `t28`.`flow` IN ('iap') AND `t28`.`cs_kind` IN ('sub_icb', 'icb')
        THEN 'commissioner_submitted'
        WHEN `t28`.`monitoring`
        AND (
          (
            `t28`.`gr_kind` = 'icb'
          ) OR (
            `t28`.`rr_kind` = 'icb'
          )
        )
        THEN 'icb_only'
        WHEN `t28`.`pv_sub_icb` <> ''
        THEN 'provider_address'
        ELSE 'none'
      END AS `resp_method`
    FROM (
      SELECT
        `t27`.`row_key`,
        COALESCE(`t27`.`flow`, '') AS `flow`,
        COALESCE(`t27`.`component`, '') AS `component`,
        COALESCE(`t27`.`provider_code`, '') AS `provider_code`,
        COALESCE(`t27`.`gp_practice_code`, '') AS `gp_practice_code`,
        COALESCE(`t27`.`gp_practice_responsibility`, '') AS `gp_practice_responsibility`,
        COALESCE(`t27`.`residence_responsibility`, '') AS `residence_responsibility`,
        COALESCE(`t27`.`postcode`, '') AS `postcode`,
        COALESCE(`t27`.`lsoa21_code`, '') AS `lsoa21_code`,
        COALESCE(`t27`.`treatment_function_code`, '') AS `treatment_function_code`,
        COALESCE(`t27`.`source_of_admission`, '') AS `source_of_admission`,
        COALESCE(`t27`.`administrative_category`, '') AS `administrative_category`,
        COALESCE(`t27`.`overseas_visitor_charging_category`, '') AS `overseas_visitor_charging_category`,
        COALESCE(`t27`.`point_of_delivery`, '') AS `point_of_delivery`,
        COALESCE(`t27`.`commissioned_service_category`, '') AS `commissioned_service_category`,
        COALESCE(`t27`.`supply_route`, '') AS `supply_route`,
        COALESCE(`t27`.`commissioner_submitted`, '') AS `commissioner_submitted`,
        COALESCE(`t27`.`service_line_final`, '') AS `service_line_final`,
        COALESCE(`t27`.`service_line_submitted`, '') AS `service_line_submitted`,
        COALESCE(`t27`.`referred_via_ras`, '') AS `referred_via_ras`,
        COALESCE(`t27`.`section_7a_service`, '') AS `section_7a_service`,
        COALESCE(`t27`.`other_public_health`, '') AS `other_public_health`,
        COALESCE(`t27`.`armed_forces_fertility_approved`, '') AS `armed_forces_fertility_approved`,
        COALESCE(`t27`.`osv_international_agreement`, '') AS `osv_international_agreement`,
        COALESCE(`t27`.`appendix_c_service`, '') AS `appendix_c_service`,
        COALESCE(`t27`.`cds_type`, '') AS `cds_type`,
        COALESCE(`t27`.`scope`, '') AS `scope`,
        COALESCE(`t27`.`monitoring`, FALSE) AS `monitoring`,
        COALESCE(`t27`.`record_only`, FALSE) AS `record_only`,
        COALESCE(`t27`.`infertility`, FALSE) AS `infertility`,
        `t27`.`assignment_date`,
        `t27`.`period`,
        COALESCE(`t27`.`pr_sub_icb`, '') AS `pr_sub_icb`,
        COALESCE(`t27`.`pr_welsh`, FALSE) AS `pr_welsh`,
        COALESCE(`t27`.`pr_english`, FALSE) AS `pr_english`,
        COALESCE(`t27`.`pr_army`, FALSE) AS `pr_army`,
        COALESCE(`t27`.`pr_abroad`, FALSE) AS `pr_abroad`,
        COALESCE(`t27`.`pr_region`, '') AS `pr_region`,
        COALESCE(`t27`.`pr_board`, '') AS `pr_board`,
        COALESCE(`t27`.`pr_icb_2026`, '') AS `pr_icb_2026`,
        COALESCE(`t27`.`pr_place_sub_icb`, '') AS `pr_place_sub_icb`,
        COALESCE(`t27`.`pr_place_region`, '') AS `pr_place_region`,
        `t27`.`pr_commissioner_to`,
        `t27`.`pr_close_date`,
        COALESCE(`t27`.`sp_use`, '') AS `sp_use`,
        COALESCE(`t27`.`sp_hub`, '') AS `sp_hub`,
        COALESCE(`t27`.`pc_country`, '') AS `pc_country`,
        COALESCE(`t27`.`pc_sub_icb`, '') AS `pc_sub_icb`,
        COALESCE(`t27`.`pc_icb`, '') AS `pc_icb`,
        COALESCE(`t27`.`pc_lad`, '') AS `pc_lad`,
        COALESCE(`t27`.`pc_board`, '') AS `pc_board`,
        COALESCE(`t27`.`pc_region`, '') AS `pc_region`,
        COALESCE(`t27`.`pc_icb_2026`, '') AS `pc_icb_2026`,
        COALESCE(`t27`.`ls_sub_icb`, '') AS `ls_sub_icb`,
        COALESCE(`t27`.`ls_icb`, '') AS `ls_icb`,
        COALESCE(`t27`.`ls_icb_2026`, '') AS `ls_icb_2026`,
        COALESCE(`t27`.`ls_region`, '') AS `ls_region`,
        COALESCE(`t27`.`ls_lad`, '') AS `ls_lad`,
        COALESCE(`t27`.`pv_sub_icb`, '') AS `pv_sub_icb`,
        COALESCE(`t27`.`pv_region`, '') AS `pv_region`,
        COALESCE(`t27`.`pv_icb`, '') AS `pv_icb`,
        COALESCE(`t27`.`pv_lad`, '') AS `pv_lad`,
        COALESCE(`t27`.`pv_hub`, '') AS `pv_hub`,
        COALESCE(`t27`.`pv_hub_method`, '') AS `pv_hub_method`,
        COALESCE(`t27`.`pv_contracting_host`, '') AS `pv_contracting_host`,
        COALESCE(`t27`.`ln_status`, '') AS `ln_status`,
        COALESCE(`t27`.`ln_listed`, FALSE) AS `ln_listed`,
        COALESCE(`t27`.`ln_specialised`, FALSE) AS `ln_specialised`,
        COALESCE(`t27`.`ln_highly`, FALSE) AS `ln_highly`,
        COALESCE(`t27`.`ln_mental`, FALSE) AS `ln_mental`,
        COALESCE(`t27`.`ln_public_health`, FALSE) AS `ln_public_health`,
        COALESCE(`t27`.`ln_flag`, FALSE) AS `ln_flag`,
        COALESCE(`t27`.`ln_dental`, FALSE) AS `ln_dental`,
        COALESCE(`t27`.`ln_set`, '') AS `ln_set`,
        COALESCE(`t27`.`ln_pss`, '') AS `ln_pss`,
        COALESCE(`t27`.`ln_npoc`, '') AS `ln_npoc`,
        COALESCE(`t27`.`gr_code`, '') AS `gr_code`,
        COALESCE(`t27`.`gr_kind`, '') AS `gr_kind`,
        COALESCE(`t27`.`rr_code`, '') AS `rr_code`,
        COALESCE(`t27`.`rr_kind`, '') AS `rr_kind`,
        COALESCE(`t27`.`cs_code`, '') AS `cs_code`,
        COALESCE(`t27`.`cs_kind`, '') AS `cs_kind`,
        COALESCE(`t27`.`pc_country` IS NOT NULL, FALSE) AS `in_directory`,
        COALESCE(`t27`.`pr_english` IS NOT NULL, FALSE) AS `practice_known`,
        COALESCE(
          COALESCE(`t27`.`pr_english` IS NOT NULL, FALSE)
          AND (
            (
              `t27`.`pr_close_date` IS NULL
            )
            OR (
              `t27`.`assignment_date` <= `t27`.`pr_close_date`
            )
          ),
          FALSE
        ) AS `practice_open`,
        (
          COALESCE(`t27`.`gp_practice_code`, '') = ''
        )
        OR COALESCE(`t27`.`gp_practice_code`, '') IN ('V81997', 'V81998', 'V81999') AS `no_practice`,
        CASE
          WHEN (
            COALESCE(`t27`.`sp_use`, '') = 'default_use_provider_address'
          )
          AND (
            COALESCE(`t27`.`pr_army`, FALSE)
            AND (
              COALESCE(`t27`.`pr_place_sub_icb`, '') <> ''
            )
          )
          THEN 'practice_postcode'
          WHEN COALESCE(`t27`.`sp_use`, '') = 'default_use_provider_address'
          THEN 'default'
          WHEN COALESCE(`t27`.`pc_country` IS NOT NULL, FALSE)
          THEN 'postcode'
          WHEN (
            COALESCE(`t27`.`sp_use`, '') <> ''
          )
          OR STARTSWITH(COALESCE(`t27`.`postcode`, ''), 'ZZ99')
          THEN 'abroad'
          WHEN TRUE
          AND (
            (
              COALESCE(`t27`.`ls_sub_icb`, '') <> ''
            )
            OR STARTSWITH(COALESCE(`t27`.`lsoa21_code`, ''), 'W')
            OR STARTSWITH(COALESCE(`t27`.`lsoa21_code`, ''), 'S')
          )
          THEN 'lsoa'
          WHEN COALESCE(`t27`.`pr_army`, FALSE)
          AND (
            COALESCE(`t27`.`pr_place_sub_icb`, '') <> ''
          )
          THEN 'practice_postcode'
          WHEN COALESCE(`t27`.`monitoring`, FALSE)
          AND COALESCE(`t27`.`rr_kind`, '') IN ('sub_icb', 'icb', 'welsh_board')
          THEN 'residence_responsibility'
          WHEN COALESCE(`t27`.`postcode`, '') = ''
          THEN 'missing'
          ELSE 'no_directory'
        END AS `residence`
      FROM (
        SELECT
          `t8`.`row_key`,
          `t8`.`flow`,
          `t8`.`component`,
          `t8`.`provider_code`,
          `t8`.`gp_practice_code`,
          `t8`.`gp_practice_responsibility`,
          `t8`.`residence_responsibility`,
          `t8`.`postcode`,
          `t8`.`lsoa21_code`,
          `t8`.`treatment_function_code`,
          `t8`.`source_of_admission`,
          `t8`.`administrative_category`,
          `t8`.`overseas_visitor_charging_category`,
          `t8`.`point_of_delivery`,
          `t8`.`commissioned_service_category`,
          `t8`.`supply_route`,
          `t8`.`commissioner_submitted`,
          `t8`.`service_line_final`,
          `t8`.`service_line_submitted`,
          `t8`.`referred_via_ras`,
          `t8`.`section_7a_service`,
          `t8`.`other_public_health`,
          `t8`.`armed_forces_fertility_approved`,
          `t8`.`osv_international_agreement`,
          `t8`.`appendix_c_service`,
          `t8`.`cds_type`,
          `t8`.`scope`,
          `t8`.`monitoring`,
          `t8`.`record_only`,
          `t8`.`infertility`,
          `t8`.`assignment_date`,
          `t8`.`period`,
          `t18`.`pr_sub_icb`,
          `t18`.`pr_welsh`,
          `t18`.`pr_english`,
          `t18`.`pr_army`,
          `t18`.`pr_abroad`,
          `t18`.`pr_region`,
          `t18`.`pr_board`,
          `t18`.`pr_icb_2026`,
          `t18`.`pr_place_sub_icb`,
          `t18`.`pr_place_region`,
          `t18`.`pr_commissioner_to`,
          `t18`.`pr_close_date`,
          `t19`.`sp_use`,
          `t19`.`sp_hub`,
          `t20`.`pc_country`,
          `t20`.`pc_sub_icb`,
          `t20`.`pc_icb`,
          `t20`.`pc_lad`,
          `t20`.`pc_board`,
          `t20`.`pc_region`,
          `t20`.`pc_icb_2026`,
          `t21`.`ls_sub_icb`,
          `t21`.`ls_icb`,
          `t21`.`ls_icb_2026`,
          `t21`.`ls_region`,
          `t21`.`ls_lad`,
          `t22`.`pv_sub_icb`,
          `t22`.`pv_region`,
          `t22`.`pv_icb`,
          `t22`.`pv_lad`,
          `t22`.`pv_hub`,
          `t22`.`pv_hub_method`,
          `t22`.`pv_contracting_host`,
          `t23`.`ln_status`,
          `t23`.`ln_listed`,
          `t23`.`ln_specialised`,
          `t23`.`ln_highly`,
          `t23`.`ln_mental`,
          `t23`.`ln_public_health`,
          `t23`.`ln_flag`,
          `t23`.`ln_dental`,
          `t23`.`ln_set`,
          `t23`.`ln_pss`,
          `t23`.`ln_npoc`,
          `t24`.`gr_code`,
          `t24`.`gr_kind`,
          `t25`.`rr_code`,
          `t25`.`rr_kind`,
          `t26`.`cs_code`,
          `t26`.`cs_kind`
        FROM `assign_base` AS `t8`
        LEFT OUTER JOIN (
          SELECT
            `t1`.`pr_sub_icb`,
            `t1`.`pr_welsh`,
            `t1`.`pr_english`,
            `t1`.`pr_army`,
            `t1`.`pr_abroad`,
            `t1`.`pr_region`,
            `t1`.`pr_board`,
            `t1`.`pr_icb_2026`,
            `t1`.`pr_place_sub_icb`,
            `t1`.`pr_place_region`,
            `t1`.`pr_commissioner_to`,
            `t1`.`pr_close_date`,
            `t1`.`practice_code` AS `key_0_practice_code`
          FROM `assign_practices` AS `t1`
        ) AS `t18`
          ON `t8`.`gp_practice_code` = `t18`.`key_0_practice_code`
        LEFT OUTER JOIN (
          SELECT
            `t2`.`sp_use`,
            `t2`.`sp_hub`,
            `t2`.`postcode` AS `key_1_postcode`
          FROM `assign_special_postcodes` AS `t2`
        ) AS `t19`
          ON `t8`.`postcode` = `t19`.`key_1_postcode`
        LEFT OUTER JOIN (
          SELECT
            `t3`.`pc_country`,
            `t3`.`pc_sub_icb`,
            `t3`.`pc_icb`,
            `t3`.`pc_lad`,
            `t3`.`pc_board`,
            `t3`.`pc_region`,
            `t3`.`pc_icb_2026`,
            `t3`.`postcode` AS `key_2_postcode`
          FROM `assign_directory` AS `t3`
        ) AS `t20`
          ON `t8`.`postcode` = `t20`.`key_2_postcode`
        LEFT OUTER JOIN (
          SELECT
            `t4`.`ls_sub_icb`,
            `t4`.`ls_icb`,
            `t4`.`ls_icb_2026`,
            `t4`.`ls_region`,
            `t4`.`ls_lad`,
            `t4`.`lsoa21_code` AS `key_3_lsoa21_code`
          FROM `assign_lsoas` AS `t4`
        ) AS `t21`
          ON `t8`.`lsoa21_code` = `t21`.`key_3_lsoa21_code`
        LEFT OUTER JOIN (
          SELECT
            `t5`.`pv_sub_icb`,
            `t5`.`pv_region`,
            `t5`.`pv_icb`,
            `t5`.`pv_lad`,
            `t5`.`pv_hub`,
            `t5`.`pv_hub_method`,
            `t5`.`pv_contracting_host`,
            `t5`.`written` AS `key_4_written`,
            `t5`.`period` AS `key_4_period`
          FROM `assign_providers` AS `t5`
        ) AS `t22`
          ON `t8`.`provider_code` = `t22`.`key_4_written`
          AND `t8`.`period` = `t22`.`key_4_period`
        LEFT OUTER JOIN (
          SELECT
            `t6`.`ln_status`,
            `t6`.`ln_listed`,
            `t6`.`ln_specialised`,
            `t6`.`ln_highly`,
            `t6`.`ln_mental`,
            `t6`.`ln_public_health`,
            `t6`.`ln_flag`,
            `t6`.`ln_dental`,
            `t6`.`ln_set`,
            `t6`.`ln_pss`,
            `t6`.`ln_npoc`,
            `t6`.`service_line_code` AS `key_5_service_line_code`,
            `t6`.`period` AS `key_5_period`
          FROM `assign_lines` AS `t6`
        ) AS `t23`
          ON `t8`.`service_line_final` = `t23`.`key_5_service_line_code`
          AND `t8`.`period` = `t23`.`key_5_period`
        LEFT OUTER JOIN (
          SELECT
            `t7`.`code` AS `gr_code`,
            `t7`.`kind` AS `gr_kind`,
            `t7`.`written` AS `key_6_written`
          FROM `assign_bodies` AS `t7`
        ) AS `t24`
          ON `t8`.`gp_practice_responsibility` = `t24`.`key_6_written`
        LEFT OUTER JOIN (
          SELECT
            `t7`.`code` AS `rr_code`,
            `t7`.`kind` AS `rr_kind`,
            `t7`.`written` AS `key_7_written`
          FROM `assign_bodies` AS `t7`
        ) AS `t25`
          ON `t8`.`residence_responsibility` = `t25`.`key_7_written`
        LEFT OUTER JOIN (
          SELECT
            `t7`.`code` AS `cs_code`,
            `t7`.`kind` AS `cs_kind`,
            `t7`.`written` AS `key_8_written`
          FROM `assign_bodies` AS `t7`
        ) AS `t26`
          ON `t8`.`commissioner_submitted` = `t26`.`key_8_written`
      ) AS `t27`
    ) AS `t28`
  ) AS `t29`
) AS `t30`
