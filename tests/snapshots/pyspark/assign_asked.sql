SELECT
  `t0`.`record_id`,
  `t0`.`row_key`,
  `t0`.`submission_id`,
  `t0`.`source_id`,
  `t0`.`row_number`,
  `t0`.`flow`,
  `t0`.`fate`,
  `t0`.`component`,
  `t0`.`spell_id`,
  `t0`.`episode_id`,
  `t0`.`provider_code`,
  `t0`.`site_code`,
  `t0`.`patient_id`,
  `t0`.`gp_practice_code`,
  `t0`.`lsoa21_code`,
  `t0`.`age`,
  `t0`.`sex`,
  `t0`.`ethnic_category`,
  `t0`.`treatment_function_code`,
  `t0`.`hrg`,
  `t0`.`point_of_delivery`,
  `t0`.`activity_date`,
  `t0`.`financial_year`,
  `t0`.`financial_month`,
  `t0`.`commissioned_service_category`,
  `t0`.`service_line_submitted`,
  `t0`.`service_line_sus`,
  `t0`.`commissioner_submitted`,
  `t0`.`tariff_code`,
  `t0`.`national_tariff_indicator`,
  `t0`.`quantity`,
  `t0`.`price_submitted`,
  `t0`.`quantity_plan`,
  `t0`.`price_plan`,
  `t0`.`supply_route`,
  `t0`.`setting`,
  `t0`.`candidates`,
  `t0`.`would_match`,
  `t0`.`mask`,
  `t0`.`rule_tie`,
  `t0`.`spell_rule_record_id`,
  `t0`.`rule_id`,
  `t0`.`rule_status`,
  `t0`.`service_line_derived`,
  `t0`.`service_basis`,
  `t0`.`service_line_final`,
  `t0`.`service_note`,
  `t0`.`counted`,
  `t0`.`period`,
  `t0`.`ln_specialised`,
  `t0`.`ln_status`,
  `t0`.`ln_set`,
  `t0`.`ln_pss`,
  `t0`.`ln_npoc`,
  `t0`.`pr_sub_icb`,
  `t0`.`residence`,
  `t0`.`res_sub_icb`,
  `t0`.`res_country`,
  `t0`.`resp_code`,
  `t0`.`resp_method`,
  `t0`.`resp_icb`,
  `t0`.`rp_region`,
  `t0`.`rp_delegated`,
  `t0`.`pop_icb`,
  `t0`.`pop_sub_icb`,
  `t0`.`population_method`,
  `t0`.`sp_hub`,
  `t0`.`pv_sub_icb`,
  `t0`.`pv_icb`,
  `t0`.`pv_region`,
  `t0`.`pv_hub`,
  `t0`.`pv_hub_method`,
  `t0`.`pv_contracting_host`,
  `t0`.`cs_code`,
  `t0`.`cs_kind`,
  `t0`.`assignment_date`,
  CAST(CASE
    WHEN `t0`.`record_only`
    THEN -1
    WHEN `t0`.`component` <> 'activity'
    THEN -2
    ELSE (
      `t0`.`period` * 2
    ) + IF(`t0`.`monitoring`, 1, 0)
  END AS INT) AS `rule_key`,
  IF(
    NOT (
      `t0`.`record_only`
    ) AND (
      `t0`.`component` = 'activity'
    ),
    0 + IF(`t0`.`appendix_c_service` = 'Y', 1, 0) + IF(`t0`.`armed_forces_fertility_approved` = 'Y', 2, 0) + IF(`t0`.`pr_army` AND `t0`.`practice_open`, 4, 0) + IF(`t0`.`ln_mental`, 8, 0) + IF(`t0`.`cds_type` = '011', 16, 0) + IF(`t0`.`pv_hub` <> '', 32, 0) + IF(`t0`.`rp_delegated`, 64, 0) + IF(`t0`.`sp_use` = 'eea_access', 128, 0) + IF(`t0`.`english_gp`, 256, 0) + IF(
      `t0`.`english_gp`
      AND NOT (
        `t0`.`practice_open` AND `t0`.`pr_abroad`
      )
      AND `t0`.`border`,
      512,
      0
    ) + IF(`t0`.`ln_specialised` AND (
      `t0`.`ln_status` = 'green'
    ), 1024, 0) + IF(
      (
        `t0`.`sp_hub` <> ''
      )
      AND (
        NOT (
          `t0`.`scope` = 'admitted'
        ) OR (
          `t0`.`source_of_admission` = '39'
        )
      ),
      2048,
      0
    ) + IF(`t0`.`ln_highly`, 4096, 0) + IF(`t0`.`infertility`, 8192, 0) + IF(`t0`.`osv_international_agreement` = 'Y', 16384, 0) + IF(
      (
        `t0`.`overseas_visitor_charging_category` IN ('A')
        OR (
          `t0`.`overseas_visitor_charging_category` = ''
        )
      )
      AND NOT (
        `t0`.`pr_abroad` AND `t0`.`practice_open`
      )
      AND `t0`.`res_country` IN ('E92000001', 'W92000004', 'S92000003', 'N92000002'),
      32768,
      0
    ) + IF(`t0`.`other_public_health` = 'Y', 65536, 0) + IF(
      `t0`.`overseas_visitor_charging_category` IN ('D', 'F')
      OR `t0`.`administrative_category` IN ('02'),
      131072,
      0
    ) + IF(`t0`.`ln_status` IN ('red', 'blue'), 262144, 0) + IF(`t0`.`referred_via_ras` = 'Y', 524288, 0) + IF(`t0`.`res_country` = 'E92000001', 1048576, 0) + IF(
      `t0`.`treatment_function_code` IN ('140', '141', '142', '143', '144', '145', '217', '450', '451'),
      2097152,
      0
    ) + IF((
      `t0`.`section_7a_service` = 'Y'
    ) OR `t0`.`ln_public_health`, 4194304, 0) + IF(`t0`.`ln_specialised`, 8388608, 0) + IF(`t0`.`welsh_gp` AND `t0`.`border`, 16777216, 0),
    0
  ) AS `answers`,
  IF(
    NOT (
      `t0`.`record_only`
    ) AND (
      `t0`.`component` = 'activity'
    ),
    0 + IF(`t0`.`appendix_c_service` = '', 1, 0) + IF(`t0`.`armed_forces_fertility_approved` = '', 2, 0) + IF(`t0`.`gp_practice_code` = '', 4, 0) + IF(FALSE, 8, 0) + IF(FALSE, 16, 0) + IF(FALSE, 32, 0) + IF(FALSE, 64, 0) + IF(`t0`.`postcode` = '', 128, 0) + IF(
      (
        `t0`.`gp_practice_code` = ''
      )
      AND NOT (
        `t0`.`english_gp`
      )
      AND NOT (
        `t0`.`welsh_gp`
      ),
      256,
      0
    ) + IF(
      (
        (
          `t0`.`gp_practice_code` = ''
        )
        AND NOT (
          `t0`.`english_gp`
        )
        AND NOT (
          `t0`.`welsh_gp`
        )
        AND (
          `t0`.`residence` IN ('missing', 'no_directory') OR `t0`.`border`
        )
      )
      OR (
        `t0`.`residence` IN ('missing', 'no_directory')
        AND (
          `t0`.`english_gp` AND NOT (
            `t0`.`practice_open` AND `t0`.`pr_abroad`
          )
        )
      ),
      512,
      0
    ) + IF(FALSE, 1024, 0) + IF(
      (
        `t0`.`postcode` = ''
      )
      AND (
        NOT (
          `t0`.`scope` = 'admitted'
        )
        OR (
          `t0`.`source_of_admission` = '39'
        )
        OR (
          `t0`.`source_of_admission` = ''
        )
      ),
      2048,
      0
    ) + IF(FALSE, 4096, 0) + IF(`t0`.`monitoring`, 8192, 0) + IF(`t0`.`osv_international_agreement` = '', 16384, 0) + IF(
      (
        `t0`.`overseas_visitor_charging_category` = ''
      )
      OR `t0`.`residence` IN ('missing', 'no_directory'),
      32768,
      0
    ) + IF(`t0`.`other_public_health` = '', 65536, 0) + IF(
      (
        `t0`.`overseas_visitor_charging_category` = ''
      )
      AND (
        `t0`.`administrative_category` = ''
      ),
      131072,
      0
    ) + IF(FALSE, 262144, 0) + IF(`t0`.`referred_via_ras` = '', 524288, 0) + IF(`t0`.`residence` IN ('missing', 'no_directory'), 1048576, 0) + IF(`t0`.`treatment_function_code` = '', 2097152, 0) + IF(
      (
        `t0`.`section_7a_service` = ''
      ) AND NOT (
        `t0`.`ln_public_health`
      ),
      4194304,
      0
    ) + IF(FALSE, 8388608, 0) + IF(
      (
        (
          `t0`.`gp_practice_code` = ''
        )
        AND NOT (
          `t0`.`english_gp`
        )
        AND NOT (
          `t0`.`welsh_gp`
        )
        AND (
          `t0`.`residence` IN ('missing', 'no_directory') OR `t0`.`border`
        )
      )
      OR (
        `t0`.`residence` IN ('missing', 'no_directory') AND `t0`.`welsh_gp`
      ),
      16777216,
      0
    ),
    0
  ) AS `unanswerable`,
  IF(
    NOT (
      `t0`.`record_only`
    ) AND (
      `t0`.`component` = 'activity'
    ),
    0 + IF(`t0`.`overseas_visitor_charging_category` = '', 1, 0) + IF(`t0`.`ln_status` = 'blue', 2, 0) + IF(`t0`.`pv_hub_method` = 'region_of_provider', 4, 0) + IF(`t0`.`residence` = 'not_in_directory', 8, 0) + IF(`t0`.`residence` = 'no_directory', 16, 0) + IF(
      (
        `t0`.`service_line_final` <> ''
      )
      AND `t0`.`ln_specialised`
      AND NOT (
        `t0`.`ln_listed`
      ),
      32,
      0
    ) + IF((
      `t0`.`resp_code` <> ''
    ) AND (
      `t0`.`rp_icb` = ''
    ), 64, 0) + IF(`t0`.`resp_method` = 'icb_only', 128, 0),
    0
  ) AS `notes`,
  IF(
    (
      NOT (
        `t0`.`first_by_address`
      )
      AND `t0`.`pr_english`
      AND `t0`.`practice_open`
      AND (
        `t0`.`pr_region` <> ''
      )
    )
    OR (
      `t0`.`monitoring` AND (
        `t0`.`gr_region` <> ''
      )
    )
    OR (
      `t0`.`first_by_address`
      AND (
        CASE
          WHEN `t0`.`res_region` <> ''
          THEN `t0`.`res_region`
          WHEN `t0`.`residence` IN ('default', 'missing', 'no_directory')
          THEN `t0`.`pv_region`
          ELSE ''
        END <> ''
      )
    ),
    CASE CASE
        WHEN NOT (
          `t0`.`first_by_address`
        )
        AND `t0`.`pr_english`
        AND `t0`.`practice_open`
        AND (
          `t0`.`pr_region` <> ''
        )
        THEN `t0`.`pr_region`
        WHEN `t0`.`monitoring` AND (
          `t0`.`gr_region` <> ''
        )
        THEN `t0`.`gr_region`
        WHEN `t0`.`first_by_address`
        AND (
          CASE
            WHEN `t0`.`res_region` <> ''
            THEN `t0`.`res_region`
            WHEN `t0`.`residence` IN ('default', 'missing', 'no_directory')
            THEN `t0`.`pv_region`
            ELSE ''
          END <> ''
        )
        THEN CASE
          WHEN `t0`.`res_region` <> ''
          THEN `t0`.`res_region`
          WHEN `t0`.`residence` IN ('default', 'missing', 'no_directory')
          THEN `t0`.`pv_region`
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
    END,
    `t0`.`pv_hub`
  ) AS `gp_hub`,
  CASE
    WHEN NOT (
      `t0`.`first_by_address`
    )
    AND `t0`.`pr_english`
    AND `t0`.`practice_open`
    AND (
      `t0`.`pr_region` <> ''
    )
    THEN 'practice'
    WHEN `t0`.`monitoring` AND (
      `t0`.`gr_region` <> ''
    )
    THEN 'gp_practice_responsibility'
    WHEN `t0`.`first_by_address`
    AND (
      CASE
        WHEN `t0`.`res_region` <> ''
        THEN `t0`.`res_region`
        WHEN `t0`.`residence` IN ('default', 'missing', 'no_directory')
        THEN `t0`.`pv_region`
        ELSE ''
      END <> ''
    )
    THEN IF(
      `t0`.`residence` IN ('default', 'missing', 'no_directory'),
      'provider_address',
      `t0`.`residence`
    )
    ELSE `t0`.`pv_hub_method`
  END AS `gp_hub_method`,
  CASE
    WHEN `t0`.`dms`
    AND (
      IF(`t0`.`pr_place_region` <> '', `t0`.`pr_place_region`, `t0`.`pr_region`) <> ''
    )
    THEN IF(`t0`.`pr_place_region` <> '', `t0`.`pr_place_region`, `t0`.`pr_region`)
    WHEN NOT (
      `t0`.`no_practice`
    )
    AND `t0`.`pr_english`
    AND `t0`.`practice_open`
    AND (
      `t0`.`pr_region` <> ''
    )
    THEN `t0`.`pr_region`
    WHEN `t0`.`monitoring` AND (
      `t0`.`gr_region` <> ''
    )
    THEN `t0`.`gr_region`
    ELSE CASE
      WHEN `t0`.`res_region` <> ''
      THEN `t0`.`res_region`
      WHEN `t0`.`residence` IN ('default', 'missing', 'no_directory')
      THEN `t0`.`pv_region`
      ELSE ''
    END
  END AS `ph_region`,
  CASE
    WHEN `t0`.`dms`
    AND (
      IF(`t0`.`pr_place_region` <> '', `t0`.`pr_place_region`, `t0`.`pr_region`) <> ''
    )
    THEN 'practice_postcode'
    WHEN NOT (
      `t0`.`no_practice`
    )
    AND `t0`.`pr_english`
    AND `t0`.`practice_open`
    AND (
      `t0`.`pr_region` <> ''
    )
    THEN 'practice'
    WHEN `t0`.`monitoring` AND (
      `t0`.`gr_region` <> ''
    )
    THEN 'gp_practice_responsibility'
    ELSE IF(
      `t0`.`residence` IN ('default', 'missing', 'no_directory'),
      'provider_address',
      `t0`.`residence`
    )
  END AS `ph_method`,
  IF(
    (
      `t0`.`res_country` = 'E92000001'
    )
    OR (
      (
        `t0`.`res_country` = ''
      ) AND `t0`.`welsh_gp`
    ),
    `t0`.`gp_board`,
    CASE
      WHEN (
        `t0`.`residence` = 'residence_responsibility'
      )
      AND (
        `t0`.`rr_kind` = 'welsh_board'
      )
      THEN `t0`.`rr_code`
      WHEN `t0`.`residence` = 'postcode'
      THEN `t0`.`pc_board`
      WHEN (
        (
          `t0`.`residence` = 'lsoa'
        )
        AND `t0`.`welsh_gp`
        AND (
          `t0`.`res_country` = 'W92000004'
        )
      )
      OR (
        `t0`.`residence` = 'practice_postcode'
      )
      THEN `t0`.`gp_board`
      ELSE ''
    END
  ) AS `board`,
  IF(
    (
      `t0`.`res_country` = 'E92000001'
    )
    OR (
      (
        `t0`.`res_country` = ''
      ) AND `t0`.`welsh_gp`
    )
    OR (
      (
        `t0`.`residence` = 'lsoa'
      )
      AND `t0`.`welsh_gp`
      AND (
        `t0`.`res_country` = 'W92000004'
      )
    ),
    IF(`t0`.`gp_told`, 'gp_practice_responsibility', 'practice_postcode'),
    `t0`.`residence`
  ) AS `board_method`,
  CASE IF(
      (
        `t0`.`res_country` = 'E92000001'
      )
      OR (
        (
          `t0`.`res_country` = ''
        ) AND `t0`.`welsh_gp`
      ),
      'W92000004',
      `t0`.`res_country`
    )
    WHEN 'W92000004'
    THEN '7A5HC'
    WHEN 'S92000003'
    THEN 'SD002'
    ELSE ''
  END AS `devolved_body`,
  IF(
    (
      `t0`.`res_country` = 'E92000001'
    )
    OR (
      (
        `t0`.`res_country` = ''
      ) AND `t0`.`welsh_gp`
    ),
    IF(`t0`.`gp_told`, 'gp_practice_responsibility', 'practice_country'),
    'residence_country'
  ) AS `devolved_method`,
  IF(`t0`.`res_lad` <> '', `t0`.`res_lad`, `t0`.`pv_lad`) AS `lad_code`,
  IF(`t0`.`res_lad` <> '', `t0`.`residence`, 'provider_address') AS `lad_method`,
  `t0`.`english_gp`
  OR `t0`.`res_country` IN ('E92000001', 'W92000004', 'S92000003', 'N92000002') AS `registered_here`
FROM `assign_placed` AS `t0`
