SELECT
  `t14`.`row_key`,
  `t14`.`assignment_date`,
  `t14`.`pop_icb` AS `population_icb`,
  `t14`.`pop_sub_icb` AS `population_sub_icb`,
  `t14`.`population_method`,
  `t14`.`commissioner_code`,
  `t14`.`payer_code`,
  `t14`.`payer_kind`,
  `t14`.`category_assigned`,
  `t14`.`assignment_box`,
  `t14`.`assignment_label`,
  `t14`.`lookup_method`,
  CASE
    WHEN `t14`.`payer_kind` IN ('icb', 'nhs_england')
    AND (
      `t14`.`ac_rule` <> ''
    )
    AND (
      `t14`.`ac_rule` = 'nhs_england'
    )
    THEN 'NHSE'
    WHEN `t14`.`payer_kind` IN ('icb', 'nhs_england')
    AND (
      `t14`.`ac_rule` <> ''
    )
    AND (
      `t14`.`ac_rule` = 'secretary_of_state'
    )
    THEN 'DHSC'
    WHEN `t14`.`payer_kind` IN ('icb', 'nhs_england')
    AND (
      `t14`.`ac_rule` <> ''
    )
    AND (
      `t14`.`ac_rule` = 'icb_of_population'
    )
    THEN IF(`t14`.`pop_icb` <> '', `t14`.`pop_icb`, `t14`.`payer_code`)
    ELSE `t14`.`payer_code`
  END AS `accountable_body`,
  IF(
    (
      `t14`.`delegation_status` = 'delegated'
    )
    AND `t14`.`category_assigned` IN ('25', '26'),
    `t14`.`pv_contracting_host`,
    ''
  ) AS `contracting_host`,
  `t14`.`delegation_status`,
  `t14`.`ln_pss` AS `pss_line`,
  `t14`.`ln_npoc` AS `npoc_code`,
  `t14`.`method`,
  `t14`.`box_path`,
  `t14`.`not_answerable`,
  CONCAT(
    CONCAT(
      CONCAT(
        CONCAT(
          CONCAT(
            CONCAT(
              IF(
                IF(`t14`.`service_line_final` <> '', `t14`.`ln_status`, '') <> '',
                CONCAT(
                  CONCAT('service_status=', IF(`t14`.`service_line_final` <> '', `t14`.`ln_status`, '')),
                  ';'
                ),
                ''
              ),
              IF(`t14`.`pr_sub_icb` <> '', CONCAT(CONCAT('practice=', `t14`.`pr_sub_icb`), ';'), '')
            ),
            IF(
              `t14`.`pv_sub_icb` <> '',
              CONCAT(CONCAT('provider_place=', `t14`.`pv_sub_icb`), ';'),
              ''
            )
          ),
          IF(`t14`.`pv_hub` <> '', CONCAT(CONCAT('provider_hub=', `t14`.`pv_hub`), ';'), '')
        ),
        'residence='
      ),
      `t14`.`residence`
    ),
    IF(
      COALESCE(NULLIF(`t14`.`res_sub_icb`, ''), `t14`.`res_country`) <> '',
      CONCAT(':', COALESCE(NULLIF(`t14`.`res_sub_icb`, ''), `t14`.`res_country`)),
      ''
    )
  ) AS `lookups`,
  CASE
    WHEN `t14`.`ex_note` = ''
    THEN `t14`.`options`
    WHEN `t14`.`options` = ''
    THEN `t14`.`ex_note`
    ELSE CONCAT(CONCAT(`t14`.`options`, ';'), `t14`.`ex_note`)
  END AS `options`,
  `t14`.`reassignment_code`,
  IF(`t14`.`cs_code` <> '', `t14`.`cs_code`, `t14`.`commissioner_submitted`) AS `commissioner_read`,
  `t14`.`cs_kind` AS `commissioner_kind`
FROM (
  SELECT
    `t13`.`row_key`,
    `t13`.`period`,
    `t13`.`component`,
    `t13`.`commissioned_service_category`,
    `t13`.`supply_route`,
    `t13`.`service_line_final`,
    `t13`.`assignment_date`,
    `t13`.`ln_specialised`,
    `t13`.`ln_status`,
    `t13`.`ln_set`,
    `t13`.`ln_pss`,
    `t13`.`ln_npoc`,
    `t13`.`pr_sub_icb`,
    `t13`.`residence`,
    `t13`.`res_sub_icb`,
    `t13`.`res_country`,
    `t13`.`resp_code`,
    `t13`.`resp_method`,
    `t13`.`resp_icb`,
    `t13`.`rp_region`,
    `t13`.`rp_delegated`,
    `t13`.`pop_icb`,
    `t13`.`pop_sub_icb`,
    `t13`.`population_method`,
    `t13`.`sp_hub`,
    `t13`.`pv_sub_icb`,
    `t13`.`pv_icb`,
    `t13`.`pv_region`,
    `t13`.`pv_hub`,
    `t13`.`pv_hub_method`,
    `t13`.`pv_contracting_host`,
    `t13`.`commissioner_submitted`,
    `t13`.`cs_code`,
    `t13`.`cs_kind`,
    `t13`.`rule_key`,
    `t13`.`answers`,
    `t13`.`unanswerable`,
    `t13`.`notes`,
    `t13`.`gp_hub`,
    `t13`.`gp_hub_method`,
    `t13`.`ph_region`,
    `t13`.`ph_method`,
    `t13`.`board`,
    `t13`.`board_method`,
    `t13`.`devolved_body`,
    `t13`.`devolved_method`,
    `t13`.`lad_code`,
    `t13`.`lad_method`,
    `t13`.`registered_here`,
    `t13`.`ac_region`,
    `t13`.`method`,
    `t13`.`box_path`,
    `t13`.`assignment_box`,
    `t13`.`outcome`,
    `t13`.`assignment_label`,
    IF(
      (
        CASE
          WHEN IF(
            `t13`.`assignment_label` = 'tariff_excluded',
            `t13`.`ex_payer_kind`,
            `t13`.`payer_kind`
          ) = 'icb'
          THEN IF(
            (
              `t13`.`outcome` = 'OUT:host_sub_icb'
            )
            OR (
              (
                `t13`.`outcome` = 'OUT:osv_guidance'
              ) AND NOT (
                `t13`.`registered_here`
              )
            ),
            `t13`.`pv_icb`,
            `t13`.`resp_icb`
          )
          WHEN IF(
            `t13`.`assignment_label` = 'tariff_excluded',
            `t13`.`ex_payer_kind`,
            `t13`.`payer_kind`
          ) = 'nhs_england'
          THEN 'NHSE'
          WHEN IF(
            `t13`.`assignment_label` = 'tariff_excluded',
            `t13`.`ex_payer_kind`,
            `t13`.`payer_kind`
          ) = 'none'
          THEN ''
          ELSE `t13`.`commissioner_code`
        END = ''
      )
      AND (
        IF(
          `t13`.`assignment_label` = 'tariff_excluded',
          `t13`.`ex_payer_kind`,
          `t13`.`payer_kind`
        ) <> 'none'
      ),
      'none',
      IF(
        `t13`.`assignment_label` = 'tariff_excluded',
        `t13`.`ex_payer_kind`,
        `t13`.`payer_kind`
      )
    ) AS `payer_kind`,
    `t13`.`category_assigned`,
    `t13`.`not_answerable`,
    `t13`.`options`,
    `t13`.`ex_payer_kind`,
    `t13`.`ex_note`,
    `t13`.`ac_rule`,
    `t13`.`commissioner_code`,
    `t13`.`lookup_method`,
    `t13`.`delegation_status`,
    `t13`.`reassignment_code`,
    CASE
      WHEN IF(
        `t13`.`assignment_label` = 'tariff_excluded',
        `t13`.`ex_payer_kind`,
        `t13`.`payer_kind`
      ) = 'icb'
      THEN IF(
        (
          `t13`.`outcome` = 'OUT:host_sub_icb'
        )
        OR (
          (
            `t13`.`outcome` = 'OUT:osv_guidance'
          ) AND NOT (
            `t13`.`registered_here`
          )
        ),
        `t13`.`pv_icb`,
        `t13`.`resp_icb`
      )
      WHEN IF(
        `t13`.`assignment_label` = 'tariff_excluded',
        `t13`.`ex_payer_kind`,
        `t13`.`payer_kind`
      ) = 'nhs_england'
      THEN 'NHSE'
      WHEN IF(
        `t13`.`assignment_label` = 'tariff_excluded',
        `t13`.`ex_payer_kind`,
        `t13`.`payer_kind`
      ) = 'none'
      THEN ''
      ELSE `t13`.`commissioner_code`
    END AS `payer_code`
  FROM (
    SELECT
      `t12`.`row_key`,
      `t12`.`period`,
      `t12`.`component`,
      `t12`.`commissioned_service_category`,
      `t12`.`supply_route`,
      `t12`.`service_line_final`,
      `t12`.`assignment_date`,
      `t12`.`ln_specialised`,
      `t12`.`ln_status`,
      `t12`.`ln_set`,
      `t12`.`ln_pss`,
      `t12`.`ln_npoc`,
      `t12`.`pr_sub_icb`,
      `t12`.`residence`,
      `t12`.`res_sub_icb`,
      `t12`.`res_country`,
      `t12`.`resp_code`,
      `t12`.`resp_method`,
      `t12`.`resp_icb`,
      `t12`.`rp_region`,
      `t12`.`rp_delegated`,
      `t12`.`pop_icb`,
      `t12`.`pop_sub_icb`,
      `t12`.`population_method`,
      `t12`.`sp_hub`,
      `t12`.`pv_sub_icb`,
      `t12`.`pv_icb`,
      `t12`.`pv_region`,
      `t12`.`pv_hub`,
      `t12`.`pv_hub_method`,
      `t12`.`pv_contracting_host`,
      `t12`.`commissioner_submitted`,
      `t12`.`cs_code`,
      `t12`.`cs_kind`,
      `t12`.`rule_key`,
      `t12`.`answers`,
      `t12`.`unanswerable`,
      `t12`.`notes`,
      `t12`.`gp_hub`,
      `t12`.`gp_hub_method`,
      `t12`.`ph_region`,
      `t12`.`ph_method`,
      `t12`.`board`,
      `t12`.`board_method`,
      `t12`.`devolved_body`,
      `t12`.`devolved_method`,
      `t12`.`lad_code`,
      `t12`.`lad_method`,
      `t12`.`registered_here`,
      `t12`.`ac_region`,
      `t12`.`method`,
      `t12`.`box_path`,
      `t12`.`assignment_box`,
      `t12`.`outcome`,
      `t12`.`assignment_label`,
      `t12`.`payer_kind`,
      `t12`.`category_assigned`,
      `t12`.`not_answerable`,
      `t12`.`options`,
      COALESCE(`t12`.`ex_payer_kind`, 'none') AS `ex_payer_kind`,
      COALESCE(`t12`.`ex_note`, '') AS `ex_note`,
      COALESCE(`t12`.`ac_rule`, '') AS `ac_rule`,
      CASE
        WHEN (
          `t12`.`outcome` = 'OUT:responsible_sub_icb'
        )
        OR (
          (
            `t12`.`outcome` = 'OUT:osv_guidance'
          ) AND `t12`.`registered_here`
        )
        THEN IF(`t12`.`resp_method` = 'icb_only', '', `t12`.`resp_code`)
        WHEN (
          `t12`.`outcome` = 'OUT:host_sub_icb'
        )
        OR (
          (
            `t12`.`outcome` = 'OUT:osv_guidance'
          ) AND NOT (
            `t12`.`registered_here`
          )
        )
        THEN `t12`.`pv_sub_icb`
        WHEN `t12`.`outcome` = 'OUT:specialised_hub_provider'
        THEN `t12`.`pv_hub`
        WHEN `t12`.`outcome` = 'OUT:specialised_hub_gp_practice'
        THEN `t12`.`gp_hub`
        WHEN `t12`.`outcome` = 'OUT:armed_forces_hub'
        THEN '13Q'
        WHEN `t12`.`outcome` = 'OUT:health_justice_hub'
        THEN `t12`.`sp_hub`
        WHEN `t12`.`outcome` = 'OUT:public_health_region'
        THEN `t12`.`ph_region`
        WHEN `t12`.`outcome` = 'OUT:local_authority'
        THEN `t12`.`lad_code`
        WHEN `t12`.`outcome` = 'OUT:devolved_board'
        THEN `t12`.`board`
        WHEN `t12`.`outcome` = 'OUT:devolved_specialised'
        THEN `t12`.`devolved_body`
        WHEN `t12`.`outcome` = 'OUT:private_or_cov'
        THEN 'VPP00'
        ELSE ''
      END AS `commissioner_code`,
      CASE
        WHEN (
          `t12`.`outcome` = 'OUT:responsible_sub_icb'
        )
        OR (
          (
            `t12`.`outcome` = 'OUT:osv_guidance'
          ) AND `t12`.`registered_here`
        )
        THEN `t12`.`resp_method`
        WHEN (
          `t12`.`outcome` = 'OUT:host_sub_icb'
        )
        OR (
          (
            `t12`.`outcome` = 'OUT:osv_guidance'
          ) AND NOT (
            `t12`.`registered_here`
          )
        )
        THEN 'provider_address'
        WHEN `t12`.`outcome` = 'OUT:specialised_hub_provider'
        THEN `t12`.`pv_hub_method`
        WHEN `t12`.`outcome` = 'OUT:specialised_hub_gp_practice'
        THEN `t12`.`gp_hub_method`
        WHEN `t12`.`outcome` = 'OUT:armed_forces_hub'
        THEN 'national_code'
        WHEN `t12`.`outcome` = 'OUT:health_justice_hub'
        THEN 'site_postcode'
        WHEN `t12`.`outcome` = 'OUT:public_health_region'
        THEN `t12`.`ph_method`
        WHEN `t12`.`outcome` = 'OUT:local_authority'
        THEN `t12`.`lad_method`
        WHEN `t12`.`outcome` = 'OUT:devolved_board'
        THEN `t12`.`board_method`
        WHEN `t12`.`outcome` = 'OUT:devolved_specialised'
        THEN `t12`.`devolved_method`
        WHEN `t12`.`outcome` = 'OUT:private_or_cov'
        THEN 'default_code'
        ELSE ''
      END AS `lookup_method`,
      CASE
        WHEN `t12`.`service_line_final` = ''
        THEN 'none'
        WHEN NOT (
          `t12`.`ln_specialised`
        )
        THEN 'other'
        WHEN (
          `t12`.`ln_status` = 'green'
        ) AND `t12`.`rp_delegated`
        THEN 'delegated'
        WHEN `t12`.`ln_status` IN ('green', 'amber', 'red', 'blue')
        THEN 'retained'
        ELSE 'other'
      END AS `delegation_status`,
      '' AS `reassignment_code`
    FROM (
      SELECT
        `t11`.`row_key`,
        `t11`.`period`,
        `t11`.`component`,
        `t11`.`commissioned_service_category`,
        `t11`.`supply_route`,
        `t11`.`service_line_final`,
        `t11`.`assignment_date`,
        `t11`.`ln_specialised`,
        `t11`.`ln_status`,
        `t11`.`ln_set`,
        `t11`.`ln_pss`,
        `t11`.`ln_npoc`,
        `t11`.`pr_sub_icb`,
        `t11`.`residence`,
        `t11`.`res_sub_icb`,
        `t11`.`res_country`,
        `t11`.`resp_code`,
        `t11`.`resp_method`,
        `t11`.`resp_icb`,
        `t11`.`rp_region`,
        `t11`.`rp_delegated`,
        `t11`.`pop_icb`,
        `t11`.`pop_sub_icb`,
        `t11`.`population_method`,
        `t11`.`sp_hub`,
        `t11`.`pv_sub_icb`,
        `t11`.`pv_icb`,
        `t11`.`pv_region`,
        `t11`.`pv_hub`,
        `t11`.`pv_hub_method`,
        `t11`.`pv_contracting_host`,
        `t11`.`commissioner_submitted`,
        `t11`.`cs_code`,
        `t11`.`cs_kind`,
        `t11`.`rule_key`,
        `t11`.`answers`,
        `t11`.`unanswerable`,
        `t11`.`notes`,
        `t11`.`gp_hub`,
        `t11`.`gp_hub_method`,
        `t11`.`ph_region`,
        `t11`.`ph_method`,
        `t11`.`board`,
        `t11`.`board_method`,
        `t11`.`devolved_body`,
        `t11`.`devolved_method`,
        `t11`.`lad_code`,
        `t11`.`lad_method`,
        `t11`.`registered_here`,
        `t11`.`ac_region`,
        `t7`.`method`,
        `t7`.`box_path`,
        `t7`.`assignment_box`,
        `t7`.`outcome`,
        `t7`.`assignment_label`,
        `t7`.`payer_kind`,
        `t7`.`category_assigned`,
        `t7`.`not_answerable`,
        `t7`.`options`,
        `t8`.`ex_payer_kind`,
        `t8`.`ex_note`,
        `t9`.`ac_rule`
      FROM (
        SELECT
          `t0`.`row_key`,
          `t0`.`period`,
          `t0`.`component`,
          `t0`.`commissioned_service_category`,
          `t0`.`supply_route`,
          `t0`.`service_line_final`,
          `t0`.`assignment_date`,
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
          `t0`.`commissioner_submitted`,
          `t0`.`cs_code`,
          `t0`.`cs_kind`,
          `t0`.`rule_key`,
          `t0`.`answers`,
          `t0`.`unanswerable`,
          `t0`.`notes`,
          `t0`.`gp_hub`,
          `t0`.`gp_hub_method`,
          `t0`.`ph_region`,
          `t0`.`ph_method`,
          `t0`.`board`,
          `t0`.`board_method`,
          `t0`.`devolved_body`,
          `t0`.`devolved_method`,
          `t0`.`lad_code`,
          `t0`.`lad_method`,
          `t0`.`registered_here`,
          IF(`t0`.`rp_region` <> '', `t0`.`rp_region`, `t0`.`pv_region`) AS `ac_region`
        FROM `assign_words` AS `t0`
      ) AS `t11`
      INNER JOIN (
        SELECT
          `t1`.`method`,
          `t1`.`box_path`,
          `t1`.`assignment_box`,
          `t1`.`outcome`,
          `t1`.`assignment_label`,
          `t1`.`payer_kind`,
          `t1`.`category_assigned`,
          `t1`.`not_answerable`,
          `t1`.`options`,
          `t1`.`rule_key` AS `key_0_rule_key`,
          `t1`.`answers` AS `key_0_answers`,
          `t1`.`unanswerable` AS `key_0_unanswerable`,
          `t1`.`notes` AS `key_0_notes`
        FROM `assign_walks` AS `t1`
      ) AS `t7`
        ON `t11`.`rule_key` = `t7`.`key_0_rule_key`
        AND `t11`.`answers` = `t7`.`key_0_answers`
        AND `t11`.`unanswerable` = `t7`.`key_0_unanswerable`
        AND `t11`.`notes` = `t7`.`key_0_notes`
      LEFT OUTER JOIN (
        SELECT
          `t2`.`ex_payer_kind`,
          `t2`.`ex_note`,
          `t2`.`component` AS `key_1_component`,
          `t2`.`commissioned_service_category` AS `key_1_commissioned_service_category`,
          `t2`.`supply_route` AS `key_1_supply_route`,
          `t2`.`ln_specialised` AS `key_1_ln_specialised`,
          `t2`.`period` AS `key_1_period`
        FROM `assign_excluded` AS `t2`
      ) AS `t8`
        ON `t11`.`component` = `t8`.`key_1_component`
        AND `t11`.`commissioned_service_category` = `t8`.`key_1_commissioned_service_category`
        AND `t11`.`supply_route` = `t8`.`key_1_supply_route`
        AND `t11`.`ln_specialised` = `t8`.`key_1_ln_specialised`
        AND `t11`.`period` = `t8`.`key_1_period`
      LEFT OUTER JOIN (
        SELECT
          `t3`.`ac_rule`,
          `t3`.`service_set` AS `key_2_service_set`,
          `t3`.`region` AS `key_2_region`,
          `t3`.`period` AS `key_2_period`
        FROM `assign_accountable` AS `t3`
      ) AS `t9`
        ON `t11`.`ln_set` = `t9`.`key_2_service_set`
        AND `t11`.`ac_region` = `t9`.`key_2_region`
        AND `t11`.`period` = `t9`.`key_2_period`
    ) AS `t12`
  ) AS `t13`
) AS `t14`
