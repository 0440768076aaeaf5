SELECT
  `t52`.`record_id`,
  `t52`.`row_key`,
  `t52`.`submission_id`,
  `t52`.`source_id`,
  `t52`.`row_number`,
  `t52`.`flow`,
  `t52`.`fate`,
  `t52`.`component`,
  `t52`.`spell_id`,
  `t52`.`episode_id`,
  `t52`.`provider_code`,
  `t52`.`site_code`,
  `t52`.`patient_id`,
  `t52`.`gp_practice_code`,
  `t52`.`lsoa21_code`,
  `t52`.`age`,
  `t52`.`sex`,
  `t52`.`ethnic_category`,
  `t52`.`treatment_function_code`,
  `t52`.`hrg`,
  `t52`.`point_of_delivery`,
  `t52`.`activity_date`,
  `t52`.`financial_year`,
  `t52`.`financial_month`,
  `t52`.`commissioned_service_category`,
  `t52`.`service_line_submitted`,
  `t52`.`service_line_sus`,
  `t52`.`commissioner_submitted`,
  `t52`.`tariff_code`,
  `t52`.`national_tariff_indicator`,
  `t52`.`quantity`,
  `t52`.`price_submitted`,
  `t52`.`quantity_plan`,
  `t52`.`price_plan`,
  `t52`.`supply_route`,
  `t52`.`setting`,
  `t52`.`candidates`,
  `t52`.`would_match`,
  `t52`.`mask`,
  `t52`.`rule_tie`,
  `t52`.`spell_rule_record_id`,
  `t52`.`rule_id`,
  `t52`.`rule_status`,
  `t52`.`service_line_derived`,
  `t52`.`service_basis`,
  `t52`.`service_line_final`,
  `t52`.`service_note`,
  `t52`.`counted`,
  `t52`.`assignment_date`,
  `t52`.`population_icb`,
  `t52`.`population_sub_icb`,
  `t52`.`population_method`,
  `t52`.`commissioner_code`,
  `t52`.`payer_code`,
  `t52`.`payer_kind`,
  `t52`.`assignment_box`,
  `t52`.`assignment_label`,
  `t52`.`lookup_method`,
  `t52`.`accountable_body`,
  `t52`.`contracting_host`,
  `t52`.`delegation_status`,
  `t52`.`pss_line`,
  `t52`.`npoc_code`,
  `t52`.`method`,
  `t52`.`box_path`,
  `t52`.`not_answerable`,
  `t52`.`lookups`,
  `t52`.`options`,
  `t52`.`reassignment_code`,
  `t52`.`commissioner_read`,
  `t52`.`commissioner_kind`,
  `t52`.`unit_price`,
  `t52`.`price_table`,
  `t52`.`top_up`,
  `t52`.`top_up_line`,
  `t52`.`market_forces`,
  `t52`.`price_basis`,
  `t52`.`price_expected`,
  `t52`.`price_steps`
FROM (
  SELECT
    `t51`.`record_id`,
    `t51`.`row_key`,
    `t51`.`submission_id`,
    `t51`.`source_id`,
    `t51`.`row_number`,
    `t51`.`flow`,
    `t51`.`fate`,
    `t51`.`component`,
    `t51`.`spell_id`,
    `t51`.`episode_id`,
    `t51`.`provider_code`,
    `t51`.`site_code`,
    `t51`.`patient_id`,
    `t51`.`gp_practice_code`,
    `t51`.`lsoa21_code`,
    `t51`.`age`,
    `t51`.`sex`,
    `t51`.`ethnic_category`,
    `t51`.`treatment_function_code`,
    `t51`.`hrg`,
    `t51`.`point_of_delivery`,
    `t51`.`activity_date`,
    `t51`.`financial_year`,
    `t51`.`financial_month`,
    `t51`.`commissioned_service_category`,
    `t51`.`service_line_submitted`,
    `t51`.`service_line_sus`,
    `t51`.`commissioner_submitted`,
    `t51`.`tariff_code`,
    `t51`.`national_tariff_indicator`,
    `t51`.`quantity`,
    `t51`.`price_submitted`,
    `t51`.`quantity_plan`,
    `t51`.`price_plan`,
    `t51`.`supply_route`,
    `t51`.`setting`,
    `t51`.`candidates`,
    `t51`.`would_match`,
    `t51`.`mask`,
    `t51`.`rule_tie`,
    `t51`.`spell_rule_record_id`,
    `t51`.`rule_id`,
    `t51`.`rule_status`,
    `t51`.`service_line_derived`,
    `t51`.`service_basis`,
    `t51`.`service_line_final`,
    `t51`.`service_note`,
    `t51`.`counted`,
    `t51`.`assignment_date`,
    `t51`.`population_icb`,
    `t51`.`population_sub_icb`,
    `t51`.`population_method`,
    `t51`.`commissioner_code`,
    `t51`.`payer_code`,
    `t51`.`payer_kind`,
    `t51`.`assignment_box`,
    `t51`.`assignment_label`,
    `t51`.`lookup_method`,
    `t51`.`accountable_body`,
    `t51`.`contracting_host`,
    `t51`.`delegation_status`,
    `t51`.`pss_line`,
    `t51`.`npoc_code`,
    `t51`.`method`,
    `t51`.`box_path`,
    `t51`.`not_answerable`,
    `t51`.`lookups`,
    `t51`.`options`,
    `t51`.`reassignment_code`,
    `t51`.`commissioner_read`,
    `t51`.`commissioner_kind`,
    `t51`.`price_group`,
    `t51`.`currency_field`,
    `t51`.`top_up_applies`,
    `t51`.`market_forces_applies`,
    `t51`.`pod_basis`,
    `t51`.`attendance_group`,
    `t51`.`low_volume`,
    `t51`.`currency_code`,
    `t51`.`best_practice_flag`,
    `t51`.`treatment`,
    IF(
      `t51`.`price_basis` IN (
        'national',
        'critical_care',
        'excess_bed_day',
        'year_of_care',
        'uplifted',
        'best_practice'
      ),
      CAST(`t51`.`unit_price` AS DECIMAL(18, 2)),
      CAST(NULL AS DECIMAL(18, 2))
    ) AS `unit_price`,
    COALESCE(
      IF(
        `t51`.`price_basis` IN (
          'national',
          'critical_care',
          'excess_bed_day',
          'year_of_care',
          'uplifted',
          'best_practice'
        ),
        COALESCE(`t51`.`best_table`, `t51`.`price_table`),
        ''
      ),
      ''
    ) AS `price_table`,
    `t51`.`price_word`,
    `t51`.`factor`,
    `t51`.`best_unit`,
    `t51`.`addition`,
    `t51`.`plain_addition`,
    `t51`.`best_table`,
    `t51`.`rate_final`,
    `t51`.`rank_final`,
    `t51`.`rate_derived`,
    `t51`.`rank_derived`,
    `t51`.`rate_sus`,
    `t51`.`rank_sus`,
    IF(
      `t51`.`price_basis` IN (
        'national',
        'critical_care',
        'excess_bed_day',
        'year_of_care',
        'uplifted',
        'best_practice'
      ),
      CAST(`t51`.`top_up` AS DECIMAL(9, 6)),
      CAST(NULL AS DECIMAL(9, 6))
    ) AS `top_up`,
    IF(
      `t51`.`price_basis` IN (
        'national',
        'critical_care',
        'excess_bed_day',
        'year_of_care',
        'uplifted',
        'best_practice'
      ),
      `t51`.`top_up_line`,
      ''
    ) AS `top_up_line`,
    IF(
      `t51`.`price_basis` IN (
        'national',
        'critical_care',
        'excess_bed_day',
        'year_of_care',
        'uplifted',
        'best_practice'
      ),
      CAST(`t51`.`market_forces` AS DECIMAL(9, 6)),
      CAST(NULL AS DECIMAL(9, 6))
    ) AS `market_forces`,
    `t51`.`price_basis`,
    `t51`.`price_expected`,
    COALESCE(
      IF(
        `t51`.`price_basis` IN (
          'national',
          'critical_care',
          'excess_bed_day',
          'year_of_care',
          'uplifted',
          'best_practice'
        ),
        IF(
          (
            `t51`.`addition` <> 0
          ) OR (
            `t51`.`plain_addition` <> 0
          ),
          CONCAT(
            CONCAT(
              CONCAT(
                CONCAT(
                  CONCAT(
                    CONCAT(
                      CONCAT(
                        CONCAT(
                          CONCAT(
                            '((',
                            CONCAT(
                              CONCAT(
                                CONCAT(CONCAT('£', CAST(`t51`.`unit_price` AS STRING)), ' x (1 + '),
                                CAST(`t51`.`top_up` AS STRING)
                              ),
                              ')'
                            )
                          ),
                          ' + £'
                        ),
                        CAST(`t51`.`addition` AS STRING)
                      ),
                      ') x '
                    ),
                    CAST(`t51`.`market_forces` AS STRING)
                  ),
                  ' + £'
                ),
                CAST(`t51`.`plain_addition` AS STRING)
              ),
              ') x '
            ),
            CAST(`t51`.`quantity` AS STRING)
          ),
          CONCAT(
            CONCAT(
              CONCAT(
                CONCAT(
                  CONCAT(
                    CONCAT(
                      CONCAT(CONCAT('£', CAST(`t51`.`unit_price` AS STRING)), ' x (1 + '),
                      CAST(`t51`.`top_up` AS STRING)
                    ),
                    ')'
                  ),
                  ' x '
                ),
                CAST(`t51`.`market_forces` AS STRING)
              ),
              ' x '
            ),
            CAST(`t51`.`quantity` AS STRING)
          )
        ),
        `t51`.`price_basis`
      ),
      ''
    ) AS `price_steps`
  FROM (
    SELECT
      `t50`.`record_id`,
      `t50`.`row_key`,
      `t50`.`submission_id`,
      `t50`.`source_id`,
      `t50`.`row_number`,
      `t50`.`flow`,
      `t50`.`fate`,
      `t50`.`component`,
      `t50`.`spell_id`,
      `t50`.`episode_id`,
      `t50`.`provider_code`,
      `t50`.`site_code`,
      `t50`.`patient_id`,
      `t50`.`gp_practice_code`,
      `t50`.`lsoa21_code`,
      `t50`.`age`,
      `t50`.`sex`,
      `t50`.`ethnic_category`,
      `t50`.`treatment_function_code`,
      `t50`.`hrg`,
      `t50`.`point_of_delivery`,
      `t50`.`activity_date`,
      `t50`.`financial_year`,
      `t50`.`financial_month`,
      `t50`.`commissioned_service_category`,
      `t50`.`service_line_submitted`,
      `t50`.`service_line_sus`,
      `t50`.`commissioner_submitted`,
      `t50`.`tariff_code`,
      `t50`.`national_tariff_indicator`,
      `t50`.`quantity`,
      `t50`.`price_submitted`,
      `t50`.`quantity_plan`,
      `t50`.`price_plan`,
      `t50`.`supply_route`,
      `t50`.`setting`,
      `t50`.`candidates`,
      `t50`.`would_match`,
      `t50`.`mask`,
      `t50`.`rule_tie`,
      `t50`.`spell_rule_record_id`,
      `t50`.`rule_id`,
      `t50`.`rule_status`,
      `t50`.`service_line_derived`,
      `t50`.`service_basis`,
      `t50`.`service_line_final`,
      `t50`.`service_note`,
      `t50`.`counted`,
      `t50`.`assignment_date`,
      `t50`.`population_icb`,
      `t50`.`population_sub_icb`,
      `t50`.`population_method`,
      `t50`.`commissioner_code`,
      `t50`.`payer_code`,
      `t50`.`payer_kind`,
      `t50`.`assignment_box`,
      `t50`.`assignment_label`,
      `t50`.`lookup_method`,
      `t50`.`accountable_body`,
      `t50`.`contracting_host`,
      `t50`.`delegation_status`,
      `t50`.`pss_line`,
      `t50`.`npoc_code`,
      `t50`.`method`,
      `t50`.`box_path`,
      `t50`.`not_answerable`,
      `t50`.`lookups`,
      `t50`.`options`,
      `t50`.`reassignment_code`,
      `t50`.`commissioner_read`,
      `t50`.`commissioner_kind`,
      `t50`.`price_group`,
      `t50`.`currency_field`,
      `t50`.`top_up_applies`,
      `t50`.`market_forces_applies`,
      `t50`.`pod_basis`,
      `t50`.`attendance_group`,
      `t50`.`low_volume`,
      `t50`.`currency_code`,
      `t50`.`best_practice_flag`,
      `t50`.`treatment`,
      `t50`.`unit_price`,
      `t50`.`price_table`,
      `t50`.`price_word`,
      `t50`.`factor`,
      `t50`.`best_unit`,
      `t50`.`addition`,
      `t50`.`plain_addition`,
      `t50`.`best_table`,
      `t50`.`rate_final`,
      `t50`.`rank_final`,
      `t50`.`rate_derived`,
      `t50`.`rank_derived`,
      `t50`.`rate_sus`,
      `t50`.`rank_sus`,
      `t50`.`top_up`,
      `t50`.`top_up_line`,
      `t50`.`market_forces`,
      CASE
        WHEN `t50`.`treatment` = 'none'
        THEN 'none'
        WHEN (
          `t50`.`treatment` = 'priced'
        )
        AND (
          `t50`.`unit_price` IS NOT NULL
        )
        AND (
          `t50`.`quantity` IS NOT NULL
        )
        AND (
          `t50`.`best_unit` IS NOT NULL
        )
        THEN 'best_practice'
        WHEN (
          `t50`.`treatment` = 'priced'
        )
        AND (
          `t50`.`unit_price` IS NOT NULL
        )
        AND (
          `t50`.`quantity` IS NOT NULL
        )
        THEN `t50`.`price_word`
        WHEN `t50`.`price_submitted` IS NULL
        THEN 'none'
        WHEN `t50`.`treatment` IN ('pass_through', 'as_agreed', 'local')
        THEN `t50`.`treatment`
        ELSE 'submitted'
      END AS `price_basis`,
      CASE
        WHEN `t50`.`treatment` = 'none'
        THEN CAST(NULL AS DECIMAL(18, 2))
        WHEN (
          `t50`.`treatment` = 'priced'
        )
        AND (
          `t50`.`unit_price` IS NOT NULL
        )
        AND (
          `t50`.`quantity` IS NOT NULL
        )
        THEN CAST((
          CAST(CAST(CAST(CAST(`t50`.`unit_price` * (
            `t50`.`top_up` + CAST(1 AS DECIMAL(7, 6))
          ) AS DECIMAL(16, 8)) + `t50`.`addition` AS DECIMAL(19, 8)) * `t50`.`market_forces` AS DECIMAL(26, 14)) AS DECIMAL(25, 14)) + `t50`.`plain_addition`
        ) * `t50`.`quantity` AS DECIMAL(18, 2))
        ELSE CAST(`t50`.`price_submitted` AS DECIMAL(18, 2))
      END AS `price_expected`
    FROM (
      SELECT
        `t49`.`record_id`,
        `t49`.`row_key`,
        `t49`.`submission_id`,
        `t49`.`source_id`,
        `t49`.`row_number`,
        `t49`.`flow`,
        `t49`.`fate`,
        `t49`.`component`,
        `t49`.`spell_id`,
        `t49`.`episode_id`,
        `t49`.`provider_code`,
        `t49`.`site_code`,
        `t49`.`patient_id`,
        `t49`.`gp_practice_code`,
        `t49`.`lsoa21_code`,
        `t49`.`age`,
        `t49`.`sex`,
        `t49`.`ethnic_category`,
        `t49`.`treatment_function_code`,
        `t49`.`hrg`,
        `t49`.`point_of_delivery`,
        `t49`.`activity_date`,
        `t49`.`financial_year`,
        `t49`.`financial_month`,
        `t49`.`commissioned_service_category`,
        `t49`.`service_line_submitted`,
        `t49`.`service_line_sus`,
        `t49`.`commissioner_submitted`,
        `t49`.`tariff_code`,
        `t49`.`national_tariff_indicator`,
        `t49`.`quantity`,
        `t49`.`price_submitted`,
        `t49`.`quantity_plan`,
        `t49`.`price_plan`,
        `t49`.`supply_route`,
        `t49`.`setting`,
        `t49`.`candidates`,
        `t49`.`would_match`,
        `t49`.`mask`,
        `t49`.`rule_tie`,
        `t49`.`spell_rule_record_id`,
        `t49`.`rule_id`,
        `t49`.`rule_status`,
        `t49`.`service_line_derived`,
        `t49`.`service_basis`,
        `t49`.`service_line_final`,
        `t49`.`service_note`,
        `t49`.`counted`,
        `t49`.`assignment_date`,
        `t49`.`population_icb`,
        `t49`.`population_sub_icb`,
        `t49`.`population_method`,
        `t49`.`commissioner_code`,
        `t49`.`payer_code`,
        `t49`.`payer_kind`,
        `t49`.`assignment_box`,
        `t49`.`assignment_label`,
        `t49`.`lookup_method`,
        `t49`.`accountable_body`,
        `t49`.`contracting_host`,
        `t49`.`delegation_status`,
        `t49`.`pss_line`,
        `t49`.`npoc_code`,
        `t49`.`method`,
        `t49`.`box_path`,
        `t49`.`not_answerable`,
        `t49`.`lookups`,
        `t49`.`options`,
        `t49`.`reassignment_code`,
        `t49`.`commissioner_read`,
        `t49`.`commissioner_kind`,
        `t49`.`price_group`,
        `t49`.`currency_field`,
        `t49`.`top_up_applies`,
        `t49`.`market_forces_applies`,
        `t49`.`pod_basis`,
        `t49`.`attendance_group`,
        `t49`.`low_volume`,
        `t49`.`currency_code`,
        `t49`.`best_practice_flag`,
        `t49`.`treatment`,
        COALESCE(`t49`.`best_unit`, `t49`.`unit_price`) AS `unit_price`,
        `t49`.`price_table`,
        `t49`.`price_word`,
        `t49`.`factor`,
        `t49`.`best_unit`,
        COALESCE(`t49`.`addition`, CAST(0 AS DECIMAL(9, 2))) AS `addition`,
        COALESCE(`t49`.`plain_addition`, CAST(0 AS DECIMAL(9, 2))) AS `plain_addition`,
        `t49`.`best_table`,
        `t49`.`rate_final`,
        `t49`.`rank_final`,
        `t49`.`rate_derived`,
        `t49`.`rank_derived`,
        `t49`.`rate_sus`,
        `t49`.`rank_sus`,
        IF(
          (
            `t49`.`top_up_applies` = 'Y'
          )
          AND (
            IF(
              (
                `t49`.`rank_sus` IS NOT NULL
              )
              AND (
                (
                  IF(
                    (
                      `t49`.`rank_derived` IS NOT NULL
                    )
                    AND (
                      (
                        `t49`.`rank_final` IS NULL
                      )
                      OR (
                        `t49`.`rank_derived` < `t49`.`rank_final`
                      )
                    ),
                    `t49`.`rank_derived`,
                    `t49`.`rank_final`
                  ) IS NULL
                )
                OR (
                  `t49`.`rank_sus` < IF(
                    (
                      `t49`.`rank_derived` IS NOT NULL
                    )
                    AND (
                      (
                        `t49`.`rank_final` IS NULL
                      )
                      OR (
                        `t49`.`rank_derived` < `t49`.`rank_final`
                      )
                    ),
                    `t49`.`rank_derived`,
                    `t49`.`rank_final`
                  )
                )
              ),
              `t49`.`rate_sus`,
              IF(
                (
                  `t49`.`rank_derived` IS NOT NULL
                )
                AND (
                  (
                    `t49`.`rank_final` IS NULL
                  )
                  OR (
                    `t49`.`rank_derived` < `t49`.`rank_final`
                  )
                ),
                `t49`.`rate_derived`,
                `t49`.`rate_final`
              )
            ) IS NOT NULL
          ),
          CAST(IF(
            (
              `t49`.`rank_sus` IS NOT NULL
            )
            AND (
              (
                IF(
                  (
                    `t49`.`rank_derived` IS NOT NULL
                  )
                  AND (
                    (
                      `t49`.`rank_final` IS NULL
                    )
                    OR (
                      `t49`.`rank_derived` < `t49`.`rank_final`
                    )
                  ),
                  `t49`.`rank_derived`,
                  `t49`.`rank_final`
                ) IS NULL
              )
              OR (
                `t49`.`rank_sus` < IF(
                  (
                    `t49`.`rank_derived` IS NOT NULL
                  )
                  AND (
                    (
                      `t49`.`rank_final` IS NULL
                    )
                    OR (
                      `t49`.`rank_derived` < `t49`.`rank_final`
                    )
                  ),
                  `t49`.`rank_derived`,
                  `t49`.`rank_final`
                )
              )
            ),
            `t49`.`rate_sus`,
            IF(
              (
                `t49`.`rank_derived` IS NOT NULL
              )
              AND (
                (
                  `t49`.`rank_final` IS NULL
                )
                OR (
                  `t49`.`rank_derived` < `t49`.`rank_final`
                )
              ),
              `t49`.`rate_derived`,
              `t49`.`rate_final`
            )
          ) AS DECIMAL(7, 6)),
          CAST(0 AS DECIMAL(7, 6))
        ) AS `top_up`,
        COALESCE(
          IF(
            (
              `t49`.`top_up_applies` = 'Y'
            )
            AND (
              IF(
                (
                  `t49`.`rank_sus` IS NOT NULL
                )
                AND (
                  (
                    IF(
                      (
                        `t49`.`rank_derived` IS NOT NULL
                      )
                      AND (
                        (
                          `t49`.`rank_final` IS NULL
                        )
                        OR (
                          `t49`.`rank_derived` < `t49`.`rank_final`
                        )
                      ),
                      `t49`.`rank_derived`,
                      `t49`.`rank_final`
                    ) IS NULL
                  )
                  OR (
                    `t49`.`rank_sus` < IF(
                      (
                        `t49`.`rank_derived` IS NOT NULL
                      )
                      AND (
                        (
                          `t49`.`rank_final` IS NULL
                        )
                        OR (
                          `t49`.`rank_derived` < `t49`.`rank_final`
                        )
                      ),
                      `t49`.`rank_derived`,
                      `t49`.`rank_final`
                    )
                  )
                ),
                `t49`.`rate_sus`,
                IF(
                  (
                    `t49`.`rank_derived` IS NOT NULL
                  )
                  AND (
                    (
                      `t49`.`rank_final` IS NULL
                    )
                    OR (
                      `t49`.`rank_derived` < `t49`.`rank_final`
                    )
                  ),
                  `t49`.`rate_derived`,
                  `t49`.`rate_final`
                )
              ) IS NOT NULL
            ),
            IF(
              (
                `t49`.`rank_sus` IS NOT NULL
              )
              AND (
                (
                  IF(
                    (
                      `t49`.`rank_derived` IS NOT NULL
                    )
                    AND (
                      (
                        `t49`.`rank_final` IS NULL
                      )
                      OR (
                        `t49`.`rank_derived` < `t49`.`rank_final`
                      )
                    ),
                    `t49`.`rank_derived`,
                    `t49`.`rank_final`
                  ) IS NULL
                )
                OR (
                  `t49`.`rank_sus` < IF(
                    (
                      `t49`.`rank_derived` IS NOT NULL
                    )
                    AND (
                      (
                        `t49`.`rank_final` IS NULL
                      )
                      OR (
                        `t49`.`rank_derived` < `t49`.`rank_final`
                      )
                    ),
                    `t49`.`rank_derived`,
                    `t49`.`rank_final`
                  )
                )
              ),
              `t49`.`service_line_sus`,
              IF(
                (
                  `t49`.`rank_derived` IS NOT NULL
                )
                AND (
                  (
                    `t49`.`rank_final` IS NULL
                  )
                  OR (
                    `t49`.`rank_derived` < `t49`.`rank_final`
                  )
                ),
                `t49`.`service_line_derived`,
                `t49`.`service_line_final`
              )
            ),
            ''
          ),
          ''
        ) AS `top_up_line`,
        IF(
          (
            `t49`.`market_forces_applies` = 'Y'
          ) AND (
            `t49`.`factor` IS NOT NULL
          ),
          CAST(`t49`.`factor` AS DECIMAL(7, 6)),
          CAST(1 AS DECIMAL(7, 6))
        ) AS `market_forces`
      FROM (
        SELECT
          `t48`.`record_id`,
          `t48`.`row_key`,
          `t48`.`submission_id`,
          `t48`.`source_id`,
          `t48`.`row_number`,
          `t48`.`flow`,
          `t48`.`fate`,
          `t48`.`component`,
          `t48`.`spell_id`,
          `t48`.`episode_id`,
          `t48`.`provider_code`,
          `t48`.`site_code`,
          `t48`.`patient_id`,
          `t48`.`gp_practice_code`,
          `t48`.`lsoa21_code`,
          `t48`.`age`,
          `t48`.`sex`,
          `t48`.`ethnic_category`,
          `t48`.`treatment_function_code`,
          `t48`.`hrg`,
          `t48`.`point_of_delivery`,
          `t48`.`activity_date`,
          `t48`.`financial_year`,
          `t48`.`financial_month`,
          `t48`.`commissioned_service_category`,
          `t48`.`service_line_submitted`,
          `t48`.`service_line_sus`,
          `t48`.`commissioner_submitted`,
          `t48`.`tariff_code`,
          `t48`.`national_tariff_indicator`,
          `t48`.`quantity`,
          `t48`.`price_submitted`,
          `t48`.`quantity_plan`,
          `t48`.`price_plan`,
          `t48`.`supply_route`,
          `t48`.`setting`,
          `t48`.`candidates`,
          `t48`.`would_match`,
          `t48`.`mask`,
          `t48`.`rule_tie`,
          `t48`.`spell_rule_record_id`,
          `t48`.`rule_id`,
          `t48`.`rule_status`,
          `t48`.`service_line_derived`,
          `t48`.`service_basis`,
          `t48`.`service_line_final`,
          `t48`.`service_note`,
          `t48`.`counted`,
          `t48`.`assignment_date`,
          `t48`.`population_icb`,
          `t48`.`population_sub_icb`,
          `t48`.`population_method`,
          `t48`.`commissioner_code`,
          `t48`.`payer_code`,
          `t48`.`payer_kind`,
          `t48`.`assignment_box`,
          `t48`.`assignment_label`,
          `t48`.`lookup_method`,
          `t48`.`accountable_body`,
          `t48`.`contracting_host`,
          `t48`.`delegation_status`,
          `t48`.`pss_line`,
          `t48`.`npoc_code`,
          `t48`.`method`,
          `t48`.`box_path`,
          `t48`.`not_answerable`,
          `t48`.`lookups`,
          `t48`.`options`,
          `t48`.`reassignment_code`,
          `t48`.`commissioner_read`,
          `t48`.`commissioner_kind`,
          `t48`.`price_group`,
          `t48`.`currency_field`,
          `t48`.`top_up_applies`,
          `t48`.`market_forces_applies`,
          `t48`.`pod_basis`,
          `t48`.`attendance_group`,
          `t48`.`low_volume`,
          `t48`.`currency_code`,
          `t48`.`best_practice_flag`,
          `t48`.`treatment`,
          `t25`.`unit_price`,
          `t25`.`price_table`,
          `t25`.`price_word`,
          `t26`.`factor`,
          `t27`.`best_unit`,
          `t27`.`addition`,
          `t27`.`plain_addition`,
          `t27`.`best_table`,
          `t28`.`rate_final`,
          `t28`.`rank_final`,
          `t29`.`rate_derived`,
          `t29`.`rank_derived`,
          `t30`.`rate_sus`,
          `t30`.`rank_sus`
        FROM (
          SELECT
            `t46`.`record_id`,
            `t46`.`row_key`,
            `t46`.`submission_id`,
            `t46`.`source_id`,
            `t46`.`row_number`,
            `t46`.`flow`,
            `t46`.`fate`,
            `t46`.`component`,
            `t46`.`spell_id`,
            `t46`.`episode_id`,
            `t46`.`provider_code`,
            `t46`.`site_code`,
            `t46`.`patient_id`,
            `t46`.`gp_practice_code`,
            `t46`.`lsoa21_code`,
            `t46`.`age`,
            `t46`.`sex`,
            `t46`.`ethnic_category`,
            `t46`.`treatment_function_code`,
            `t46`.`hrg`,
            `t46`.`point_of_delivery`,
            `t46`.`activity_date`,
            `t46`.`financial_year`,
            `t46`.`financial_month`,
            `t46`.`commissioned_service_category`,
            `t46`.`service_line_submitted`,
            `t46`.`service_line_sus`,
            `t46`.`commissioner_submitted`,
            `t46`.`tariff_code`,
            `t46`.`national_tariff_indicator`,
            `t46`.`quantity`,
            `t46`.`price_submitted`,
            `t46`.`quantity_plan`,
            `t46`.`price_plan`,
            `t46`.`supply_route`,
            `t46`.`setting`,
            `t46`.`candidates`,
            `t46`.`would_match`,
            `t46`.`mask`,
            `t46`.`rule_tie`,
            `t46`.`spell_rule_record_id`,
            `t46`.`rule_id`,
            `t46`.`rule_status`,
            `t46`.`service_line_derived`,
            `t46`.`service_basis`,
            `t46`.`service_line_final`,
            `t46`.`service_note`,
            `t46`.`counted`,
            `t46`.`assignment_date`,
            `t46`.`population_icb`,
            `t46`.`population_sub_icb`,
            `t46`.`population_method`,
            `t46`.`commissioner_code`,
            `t46`.`payer_code`,
            `t46`.`payer_kind`,
            `t46`.`assignment_box`,
            `t46`.`assignment_label`,
            `t46`.`lookup_method`,
            `t46`.`accountable_body`,
            `t46`.`contracting_host`,
            `t46`.`delegation_status`,
            `t46`.`pss_line`,
            `t46`.`npoc_code`,
            `t46`.`method`,
            `t46`.`box_path`,
            `t46`.`not_answerable`,
            `t46`.`lookups`,
            `t46`.`options`,
            `t46`.`reassignment_code`,
            `t46`.`commissioner_read`,
            `t46`.`commissioner_kind`,
            COALESCE(`t46`.`attendance_group`, `t46`.`price_group`, '') AS `price_group`,
            `t46`.`currency_field`,
            `t46`.`top_up_applies`,
            `t46`.`market_forces_applies`,
            `t46`.`pod_basis`,
            `t46`.`attendance_group`,
            `t46`.`low_volume`,
            COALESCE(
              IF(
                `t46`.`pod_basis` = 'priced',
                IF(
                  `t46`.`currency_field` = 'treatment_function_code',
                  `t46`.`treatment_function_code`,
                  `t46`.`hrg`
                ),
                ''
              ),
              ''
            ) AS `currency_code`,
            SPLIT_PART(`t46`.`tariff_code`, '/', 3) AS `best_practice_flag`,
            CASE
              WHEN `t46`.`flow` IN ('apc_episode', 'iap', 'prior_approval')
              THEN 'none'
              WHEN `t46`.`component` <> 'activity'
              THEN 'pass_through'
              WHEN (
                `t46`.`low_volume` IS NOT NULL
              )
              AND COALESCE(`t46`.`pod_basis`, 'submitted') IN ('priced', 'submitted')
              THEN 'as_agreed'
              WHEN (
                `t46`.`national_tariff_indicator` = 'N'
              )
              AND NOT (
                FALSE
              )
              AND COALESCE(`t46`.`pod_basis`, 'submitted') IN ('priced', 'submitted')
              THEN 'local'
              ELSE COALESCE(`t46`.`pod_basis`, 'submitted')
            END AS `treatment`
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t44`.`record_id`,
                `t44`.`row_key`,
                `t44`.`submission_id`,
                `t44`.`source_id`,
                `t44`.`row_number`,
                `t44`.`flow`,
                `t44`.`fate`,
                `t44`.`component`,
                `t44`.`spell_id`,
                `t44`.`episode_id`,
                `t44`.`provider_code`,
                `t44`.`site_code`,
                `t44`.`patient_id`,
                `t44`.`gp_practice_code`,
                `t44`.`lsoa21_code`,
                `t44`.`age`,
                `t44`.`sex`,
                `t44`.`ethnic_category`,
                `t44`.`treatment_function_code`,
                `t44`.`hrg`,
                `t44`.`point_of_delivery`,
                `t44`.`activity_date`,
                `t44`.`financial_year`,
                `t44`.`financial_month`,
                `t44`.`commissioned_service_category`,
                `t44`.`service_line_submitted`,
                `t44`.`service_line_sus`,
                `t44`.`commissioner_submitted`,
                `t44`.`tariff_code`,
                `t44`.`national_tariff_indicator`,
                `t44`.`quantity`,
                `t44`.`price_submitted`,
                `t44`.`quantity_plan`,
                `t44`.`price_plan`,
                `t44`.`supply_route`,
                `t44`.`setting`,
                `t44`.`candidates`,
                `t44`.`would_match`,
                `t44`.`mask`,
                `t44`.`rule_tie`,
                `t44`.`spell_rule_record_id`,
                `t44`.`rule_id`,
                `t44`.`rule_status`,
                `t44`.`service_line_derived`,
                `t44`.`service_basis`,
                `t44`.`service_line_final`,
                `t44`.`service_note`,
                `t44`.`counted`,
                `t44`.`assignment_date`,
                `t44`.`population_icb`,
                `t44`.`population_sub_icb`,
                `t44`.`population_method`,
                `t44`.`commissioner_code`,
                `t44`.`payer_code`,
                `t44`.`payer_kind`,
                `t44`.`assignment_box`,
                `t44`.`assignment_label`,
                `t44`.`lookup_method`,
                `t44`.`accountable_body`,
                `t44`.`contracting_host`,
                `t44`.`delegation_status`,
                `t44`.`pss_line`,
                `t44`.`npoc_code`,
                `t44`.`method`,
                `t44`.`box_path`,
                `t44`.`not_answerable`,
                `t44`.`lookups`,
                `t44`.`options`,
                `t44`.`reassignment_code`,
                `t44`.`commissioner_read`,
                `t44`.`commissioner_kind`,
                `t31`.`price_group`,
                `t31`.`currency_field`,
                `t31`.`top_up_applies`,
                `t31`.`market_forces_applies`,
                `t31`.`pod_basis`,
                `t32`.`attendance_group`,
                `t33`.`low_volume`
              FROM (
                SELECT
                  `t42`.`record_id`,
                  `t42`.`row_key`,
                  `t42`.`submission_id`,
                  `t42`.`source_id`,
                  `t42`.`row_number`,
                  `t42`.`flow`,
                  `t42`.`fate`,
                  `t42`.`component`,
                  `t42`.`spell_id`,
                  `t42`.`episode_id`,
                  `t42`.`provider_code`,
                  `t42`.`site_code`,
                  `t42`.`patient_id`,
                  `t42`.`gp_practice_code`,
                  `t42`.`lsoa21_code`,
                  `t42`.`age`,
                  `t42`.`sex`,
                  `t42`.`ethnic_category`,
                  `t42`.`treatment_function_code`,
                  `t42`.`hrg`,
                  `t42`.`point_of_delivery`,
                  `t42`.`activity_date`,
                  `t42`.`financial_year`,
                  `t42`.`financial_month`,
                  `t42`.`commissioned_service_category`,
                  `t42`.`service_line_submitted`,
                  `t42`.`service_line_sus`,
                  `t42`.`commissioner_submitted`,
                  `t42`.`tariff_code`,
                  `t42`.`national_tariff_indicator`,
                  `t42`.`quantity`,
                  `t42`.`price_submitted`,
                  `t42`.`quantity_plan`,
                  `t42`.`price_plan`,
                  `t42`.`supply_route`,
                  `t42`.`setting`,
                  `t42`.`candidates`,
                  `t42`.`would_match`,
                  `t42`.`mask`,
                  `t42`.`rule_tie`,
                  `t42`.`spell_rule_record_id`,
                  `t42`.`rule_id`,
                  `t42`.`rule_status`,
                  `t42`.`service_line_derived`,
                  `t42`.`service_basis`,
                  `t42`.`service_line_final`,
                  `t42`.`service_note`,
                  `t42`.`counted`,
                  `t42`.`assignment_date`,
                  `t42`.`population_icb`,
                  `t42`.`population_sub_icb`,
                  `t42`.`population_method`,
                  `t42`.`commissioner_code`,
                  `t42`.`payer_code`,
                  `t42`.`payer_kind`,
                  `t42`.`assignment_box`,
                  `t42`.`assignment_label`,
                  `t42`.`lookup_method`,
                  `t42`.`accountable_body`,
                  `t42`.`contracting_host`,
                  `t42`.`delegation_status`,
                  `t42`.`pss_line`,
                  `t42`.`npoc_code`,
                  `t42`.`method`,
                  `t42`.`box_path`,
                  `t42`.`not_answerable`,
                  `t42`.`lookups`,
                  `t42`.`options`,
                  `t42`.`reassignment_code`,
                  `t42`.`commissioner_read`,
                  `t42`.`commissioner_kind`
                FROM (
                  SELECT
                    `t41`.`record_id`,
                    `t41`.`row_key`,
                    `t41`.`submission_id`,
                    `t41`.`source_id`,
                    `t41`.`row_number`,
                    `t41`.`flow`,
                    `t41`.`fate`,
                    `t41`.`component`,
                    `t41`.`spell_id`,
                    `t41`.`episode_id`,
                    `t41`.`provider_code`,
                    `t41`.`site_code`,
                    `t41`.`patient_id`,
                    `t41`.`gp_practice_code`,
                    `t41`.`lsoa21_code`,
                    `t41`.`age`,
                    `t41`.`sex`,
                    `t41`.`ethnic_category`,
                    `t41`.`treatment_function_code`,
                    `t41`.`hrg`,
                    `t41`.`point_of_delivery`,
                    `t41`.`activity_date`,
                    `t41`.`financial_year`,
                    `t41`.`financial_month`,
                    `t41`.`category_assigned` AS `commissioned_service_category`,
                    `t41`.`service_line_submitted`,
                    `t41`.`service_line_sus`,
                    `t41`.`commissioner_submitted`,
                    `t41`.`tariff_code`,
                    `t41`.`national_tariff_indicator`,
                    `t41`.`quantity`,
                    `t41`.`price_submitted`,
                    `t41`.`quantity_plan`,
                    `t41`.`price_plan`,
                    `t41`.`supply_route`,
                    `t41`.`setting`,
                    `t41`.`candidates`,
                    `t41`.`would_match`,
                    `t41`.`mask`,
                    `t41`.`rule_tie`,
                    `t41`.`spell_rule_record_id`,
                    `t41`.`rule_id`,
                    `t41`.`rule_status`,
                    `t41`.`service_line_derived`,
                    `t41`.`service_basis`,
                    `t41`.`service_line_final`,
                    `t41`.`service_note`,
                    `t41`.`counted`,
                    `t41`.`assignment_date`,
                    `t41`.`pop_icb` AS `population_icb`,
                    `t41`.`pop_sub_icb` AS `population_sub_icb`,
                    `t41`.`population_method`,
                    `t41`.`commissioner_code`,
                    `t41`.`payer_code`,
                    `t41`.`payer_kind`,
                    `t41`.`category_assigned`,
                    `t41`.`assignment_box`,
                    `t41`.`assignment_label`,
                    `t41`.`lookup_method`,
                    CASE
                      WHEN `t41`.`payer_kind` IN ('icb', 'nhs_england')
                      AND (
                        `t41`.`ac_rule` <> ''
                      )
                      AND (
                        `t41`.`ac_rule` = 'nhs_england'
                      )
                      THEN 'X24'
                      WHEN `t41`.`payer_kind` IN ('icb', 'nhs_england')
                      AND (
                        `t41`.`ac_rule` <> ''
                      )
                      AND (
                        `t41`.`ac_rule` = 'secretary_of_state'
                      )
                      THEN 'DHSC'
                      WHEN `t41`.`payer_kind` IN ('icb', 'nhs_england')
                      AND (
                        `t41`.`ac_rule` <> ''
                      )
                      AND (
                        `t41`.`ac_rule` = 'icb_of_population'
                      )
                      THEN IF(`t41`.`pop_icb` <> '', `t41`.`pop_icb`, `t41`.`payer_code`)
                      ELSE `t41`.`payer_code`
                    END AS `accountable_body`,
                    IF(
                      (
                        `t41`.`delegation_status` = 'delegated'
                      )
                      AND `t41`.`category_assigned` IN ('25', '26'),
                      `t41`.`pv_contracting_host`,
                      ''
                    ) AS `contracting_host`,
                    `t41`.`delegation_status`,
                    `t41`.`ln_pss` AS `pss_line`,
                    `t41`.`ln_npoc` AS `npoc_code`,
                    `t41`.`method`,
                    `t41`.`box_path`,
                    `t41`.`not_answerable`,
                    CONCAT(
                      CONCAT(
                        CONCAT(
                          CONCAT(
                            CONCAT(
                              CONCAT(
                                IF(
                                  IF(`t41`.`service_line_final` <> '', `t41`.`ln_status`, '') <> '',
                                  CONCAT(
                                    CONCAT('service_status=', IF(`t41`.`service_line_final` <> '', `t41`.`ln_status`, '')),
                                    ';'
                                  ),
                                  ''
                                ),
                                IF(`t41`.`pr_sub_icb` <> '', CONCAT(CONCAT('practice=', `t41`.`pr_sub_icb`), ';'), '')
                              ),
                              IF(
                                `t41`.`pv_sub_icb` <> '',
                                CONCAT(CONCAT('provider_place=', `t41`.`pv_sub_icb`), ';'),
                                ''
                              )
                            ),
                            IF(`t41`.`pv_hub` <> '', CONCAT(CONCAT('provider_hub=', `t41`.`pv_hub`), ';'), '')
                          ),
                          'residence='
                        ),
                        `t41`.`residence`
                      ),
                      IF(
                        COALESCE(NULLIF(`t41`.`res_sub_icb`, ''), `t41`.`res_country`) <> '',
                        CONCAT(':', COALESCE(NULLIF(`t41`.`res_sub_icb`, ''), `t41`.`res_country`)),
                        ''
                      )
                    ) AS `lookups`,
                    CASE
                      WHEN `t41`.`ex_note` = ''
                      THEN `t41`.`options`
                      WHEN `t41`.`options` = ''
                      THEN `t41`.`ex_note`
                      ELSE CONCAT(CONCAT(`t41`.`options`, ';'), `t41`.`ex_note`)
                    END AS `options`,
                    `t41`.`reassignment_code`,
                    IF(`t41`.`cs_code` <> '', `t41`.`cs_code`, `t41`.`commissioner_submitted`) AS `commissioner_read`,
                    `t41`.`cs_kind` AS `commissioner_kind`
                  FROM (
                    SELECT
                      `t40`.`record_id`,
                      `t40`.`row_key`,
                      `t40`.`submission_id`,
                      `t40`.`source_id`,
                      `t40`.`row_number`,
                      `t40`.`flow`,
                      `t40`.`fate`,
                      `t40`.`component`,
                      `t40`.`spell_id`,
                      `t40`.`episode_id`,
                      `t40`.`provider_code`,
                      `t40`.`site_code`,
                      `t40`.`patient_id`,
                      `t40`.`gp_practice_code`,
                      `t40`.`lsoa21_code`,
                      `t40`.`age`,
                      `t40`.`sex`,
                      `t40`.`ethnic_category`,
                      `t40`.`treatment_function_code`,
                      `t40`.`hrg`,
                      `t40`.`point_of_delivery`,
                      `t40`.`activity_date`,
                      `t40`.`financial_year`,
                      `t40`.`financial_month`,
                      `t40`.`commissioned_service_category`,
                      `t40`.`service_line_submitted`,
                      `t40`.`service_line_sus`,
                      `t40`.`commissioner_submitted`,
                      `t40`.`tariff_code`,
                      `t40`.`national_tariff_indicator`,
                      `t40`.`quantity`,
                      `t40`.`price_submitted`,
                      `t40`.`quantity_plan`,
                      `t40`.`price_plan`,
                      `t40`.`supply_route`,
                      `t40`.`setting`,
                      `t40`.`candidates`,
                      `t40`.`would_match`,
                      `t40`.`mask`,
                      `t40`.`rule_tie`,
                      `t40`.`spell_rule_record_id`,
                      `t40`.`rule_id`,
                      `t40`.`rule_status`,
                      `t40`.`service_line_derived`,
                      `t40`.`service_basis`,
                      `t40`.`service_line_final`,
                      `t40`.`service_note`,
                      `t40`.`counted`,
                      `t40`.`period`,
                      `t40`.`ln_specialised`,
                      `t40`.`ln_status`,
                      `t40`.`ln_set`,
                      `t40`.`ln_pss`,
                      `t40`.`ln_npoc`,
                      `t40`.`pr_sub_icb`,
                      `t40`.`residence`,
                      `t40`.`res_sub_icb`,
                      `t40`.`res_country`,
                      `t40`.`resp_code`,
                      `t40`.`resp_method`,
                      `t40`.`resp_icb`,
                      `t40`.`rp_region`,
                      `t40`.`rp_delegated`,
                      `t40`.`pop_icb`,
                      `t40`.`pop_sub_icb`,
                      `t40`.`population_method`,
                      `t40`.`sp_hub`,
                      `t40`.`pv_sub_icb`,
                      `t40`.`pv_icb`,
                      `t40`.`pv_region`,
                      `t40`.`pv_hub`,
                      `t40`.`pv_hub_method`,
                      `t40`.`pv_contracting_host`,
                      `t40`.`cs_code`,
                      `t40`.`cs_kind`,
                      `t40`.`assignment_date`,
                      `t40`.`rule_key`,
                      `t40`.`answers`,
                      `t40`.`unanswerable`,
                      `t40`.`notes`,
                      `t40`.`gp_hub`,
                      `t40`.`gp_hub_method`,
                      `t40`.`ph_region`,
                      `t40`.`ph_method`,
                      `t40`.`board`,
                      `t40`.`board_method`,
                      `t40`.`devolved_body`,
                      `t40`.`devolved_method`,
                      `t40`.`lad_code`,
                      `t40`.`lad_method`,
                      `t40`.`registered_here`,
                      `t40`.`ac_region`,
                      `t40`.`method`,
                      `t40`.`box_path`,
                      `t40`.`assignment_box`,
                      `t40`.`outcome`,
                      `t40`.`assignment_label`,
                      IF(
                        (
                          CASE
                            WHEN IF(
                              `t40`.`assignment_label` = 'tariff_excluded',
                              `t40`.`ex_payer_kind`,
                              `t40`.`payer_kind`
                            ) = 'icb'
                            THEN IF(
                              (
                                `t40`.`outcome` = 'OUT:host_sub_icb'
                              )
                              OR (
                                (
                                  `t40`.`outcome` = 'OUT:osv_guidance'
                                ) AND NOT (
                                  `t40`.`registered_here`
                                )
                              ),
                              `t40`.`pv_icb`,
                              `t40`.`resp_icb`
                            )
                            WHEN IF(
                              `t40`.`assignment_label` = 'tariff_excluded',
                              `t40`.`ex_payer_kind`,
                              `t40`.`payer_kind`
                            ) = 'nhs_england'
                            THEN 'X24'
                            WHEN IF(
                              `t40`.`assignment_label` = 'tariff_excluded',
                              `t40`.`ex_payer_kind`,
                              `t40`.`payer_kind`
                            ) = 'none'
                            THEN ''
                            ELSE `t40`.`commissioner_code`
                          END = ''
                        )
                        AND (
                          IF(
                            `t40`.`assignment_label` = 'tariff_excluded',
                            `t40`.`ex_payer_kind`,
                            `t40`.`payer_kind`
                          ) <> 'none'
                        ),
                        'none',
                        IF(
                          `t40`.`assignment_label` = 'tariff_excluded',
                          `t40`.`ex_payer_kind`,
                          `t40`.`payer_kind`
                        )
                      ) AS `payer_kind`,
                      `t40`.`category_assigned`,
                      `t40`.`not_answerable`,
                      `t40`.`options`,
                      `t40`.`ex_payer_kind`,
                      `t40`.`ex_note`,
                      `t40`.`ac_rule`,
                      `t40`.`commissioner_code`,
                      `t40`.`lookup_method`,
                      `t40`.`delegation_status`,
                      `t40`.`reassignment_code`,
                      CASE
                        WHEN IF(
                          `t40`.`assignment_label` = 'tariff_excluded',
                          `t40`.`ex_payer_kind`,
                          `t40`.`payer_kind`
                        ) = 'icb'
                        THEN IF(
                          (
                            `t40`.`outcome` = 'OUT:host_sub_icb'
                          )
                          OR (
                            (
                              `t40`.`outcome` = 'OUT:osv_guidance'
                            ) AND NOT (
                              `t40`.`registered_here`
                            )
                          ),
                          `t40`.`pv_icb`,
                          `t40`.`resp_icb`
                        )
                        WHEN IF(
                          `t40`.`assignment_label` = 'tariff_excluded',
                          `t40`.`ex_payer_kind`,
                          `t40`.`payer_kind`
                        ) = 'nhs_england'
                        THEN 'X24'
                        WHEN IF(
                          `t40`.`assignment_label` = 'tariff_excluded',
                          `t40`.`ex_payer_kind`,
                          `t40`.`payer_kind`
                        ) = 'none'
                        THEN ''
                        ELSE `t40`.`commissioner_code`
                      END AS `payer_code`
                    FROM (
                      SELECT
                        `t39`.`record_id`,
                        `t39`.`row_key`,
                        `t39`.`submission_id`,
                        `t39`.`source_id`,
                        `t39`.`row_number`,
                        `t39`.`flow`,
                        `t39`.`fate`,
                        `t39`.`component`,
                        `t39`.`spell_id`,
                        `t39`.`episode_id`,
                        `t39`.`provider_code`,
                        `t39`.`site_code`,
                        `t39`.`patient_id`,
                        `t39`.`gp_practice_code`,
                        `t39`.`lsoa21_code`,
                        `t39`.`age`,
                        `t39`.`sex`,
                        `t39`.`ethnic_category`,
                        `t39`.`treatment_function_code`,
                        `t39`.`hrg`,
                        `t39`.`point_of_delivery`,
                        `t39`.`activity_date`,
                        `t39`.`financial_year`,
                        `t39`.`financial_month`,
                        `t39`.`commissioned_service_category`,
                        `t39`.`service_line_submitted`,
                        `t39`.`service_line_sus`,
                        `t39`.`commissioner_submitted`,
                        `t39`.`tariff_code`,
                        `t39`.`national_tariff_indicator`,
                        `t39`.`quantity`,
                        `t39`.`price_submitted`,
                        `t39`.`quantity_plan`,
                        `t39`.`price_plan`,
                        `t39`.`supply_route`,
                        `t39`.`setting`,
                        `t39`.`candidates`,
                        `t39`.`would_match`,
                        `t39`.`mask`,
                        `t39`.`rule_tie`,
                        `t39`.`spell_rule_record_id`,
                        `t39`.`rule_id`,
                        `t39`.`rule_status`,
                        `t39`.`service_line_derived`,
                        `t39`.`service_basis`,
                        `t39`.`service_line_final`,
                        `t39`.`service_note`,
                        `t39`.`counted`,
                        `t39`.`period`,
                        `t39`.`ln_specialised`,
                        `t39`.`ln_status`,
                        `t39`.`ln_set`,
                        `t39`.`ln_pss`,
                        `t39`.`ln_npoc`,
                        `t39`.`pr_sub_icb`,
                        `t39`.`residence`,
                        `t39`.`res_sub_icb`,
                        `t39`.`res_country`,
                        `t39`.`resp_code`,
                        `t39`.`resp_method`,
                        `t39`.`resp_icb`,
                        `t39`.`rp_region`,
                        `t39`.`rp_delegated`,
                        `t39`.`pop_icb`,
                        `t39`.`pop_sub_icb`,
                        `t39`.`population_method`,
                        `t39`.`sp_hub`,
                        `t39`.`pv_sub_icb`,
                        `t39`.`pv_icb`,
                        `t39`.`pv_region`,
                        `t39`.`pv_hub`,
                        `t39`.`pv_hub_method`,
                        `t39`.`pv_contracting_host`,
                        `t39`.`cs_code`,
                        `t39`.`cs_kind`,
                        `t39`.`assignment_date`,
                        `t39`.`rule_key`,
                        `t39`.`answers`,
                        `t39`.`unanswerable`,
                        `t39`.`notes`,
                        `t39`.`gp_hub`,
                        `t39`.`gp_hub_method`,
                        `t39`.`ph_region`,
                        `t39`.`ph_method`,
                        `t39`.`board`,
                        `t39`.`board_method`,
                        `t39`.`devolved_body`,
                        `t39`.`devolved_method`,
                        `t39`.`lad_code`,
                        `t39`.`lad_method`,
                        `t39`.`registered_here`,
                        `t39`.`ac_region`,
                        `t39`.`method`,
                        `t39`.`box_path`,
                        `t39`.`assignment_box`,
                        `t39`.`outcome`,
                        `t39`.`assignment_label`,
                        `t39`.`payer_kind`,
                        `t39`.`category_assigned`,
                        `t39`.`not_answerable`,
                        `t39`.`options`,
                        COALESCE(`t39`.`ex_payer_kind`, 'none') AS `ex_payer_kind`,
                        COALESCE(`t39`.`ex_note`, '') AS `ex_note`,
                        COALESCE(`t39`.`ac_rule`, '') AS `ac_rule`,
                        CASE
                          WHEN (
                            `t39`.`outcome` = 'OUT:responsible_sub_icb'
                          )
                          OR (
                            (
                              `t39`.`outcome` = 'OUT:osv_guidance'
                            ) AND `t39`.`registered_here`
                          )
                          THEN IF(`t39`.`resp_method` = 'icb_only', '', `t39`.`resp_code`)
                          WHEN (
                            `t39`.`outcome` = 'OUT:host_sub_icb'
                          )
                          OR (
                            (
                              `t39`.`outcome` = 'OUT:osv_guidance'
                            ) AND NOT (
                              `t39`.`registered_here`
                            )
                          )
                          THEN `t39`.`pv_sub_icb`
                          WHEN `t39`.`outcome` = 'OUT:specialised_hub_provider'
                          THEN `t39`.`pv_hub`
                          WHEN `t39`.`outcome` = 'OUT:specialised_hub_gp_practice'
                          THEN `t39`.`gp_hub`
                          WHEN `t39`.`outcome` = 'OUT:armed_forces_hub'
                          THEN '13Q'
                          WHEN `t39`.`outcome` = 'OUT:health_justice_hub'
                          THEN `t39`.`sp_hub`
                          WHEN `t39`.`outcome` = 'OUT:public_health_region'
                          THEN `t39`.`ph_region`
                          WHEN `t39`.`outcome` = 'OUT:local_authority'
                          THEN `t39`.`lad_code`
                          WHEN `t39`.`outcome` = 'OUT:devolved_board'
                          THEN `t39`.`board`
                          WHEN `t39`.`outcome` = 'OUT:devolved_specialised'
                          THEN `t39`.`devolved_body`
                          WHEN `t39`.`outcome` = 'OUT:private_or_cov'
                          THEN 'VPP00'
                          ELSE ''
                        END AS `commissioner_code`,
                        IF(
                          (
                            CASE
                              WHEN (
                                `t39`.`outcome` = 'OUT:responsible_sub_icb'
                              )
                              OR (
                                (
                                  `t39`.`outcome` = 'OUT:osv_guidance'
                                ) AND `t39`.`registered_here`
                              )
                              THEN IF(`t39`.`resp_method` = 'icb_only', '', `t39`.`resp_code`)
                              WHEN (
                                `t39`.`outcome` = 'OUT:host_sub_icb'
                              )
                              OR (
                                (
                                  `t39`.`outcome` = 'OUT:osv_guidance'
                                ) AND NOT (
                                  `t39`.`registered_here`
                                )
                              )
                              THEN `t39`.`pv_sub_icb`
                              WHEN `t39`.`outcome` = 'OUT:specialised_hub_provider'
                              THEN `t39`.`pv_hub`
                              WHEN `t39`.`outcome` = 'OUT:specialised_hub_gp_practice'
                              THEN `t39`.`gp_hub`
                              WHEN `t39`.`outcome` = 'OUT:armed_forces_hub'
                              THEN '13Q'
                              WHEN `t39`.`outcome` = 'OUT:health_justice_hub'
                              THEN `t39`.`sp_hub`
                              WHEN `t39`.`outcome` = 'OUT:public_health_region'
                              THEN `t39`.`ph_region`
                              WHEN `t39`.`outcome` = 'OUT:local_authority'
                              THEN `t39`.`lad_code`
                              WHEN `t39`.`outcome` = 'OUT:devolved_board'
                              THEN `t39`.`board`
                              WHEN `t39`.`outcome` = 'OUT:devolved_specialised'
                              THEN `t39`.`devolved_body`
                              WHEN `t39`.`outcome` = 'OUT:private_or_cov'
                              THEN 'VPP00'
                              ELSE ''
                            END <> ''
                          )
                          OR (
                            (
                              (
                                `t39`.`outcome` = 'OUT:responsible_sub_icb'
                              )
                              OR (
                                (
                                  `t39`.`outcome` = 'OUT:osv_guidance'
                                ) AND `t39`.`registered_here`
                              )
                            )
                            AND (
                              CASE
                                WHEN (
                                  `t39`.`outcome` = 'OUT:responsible_sub_icb'
                                )
                                OR (
                                  (
                                    `t39`.`outcome` = 'OUT:osv_guidance'
                                  ) AND `t39`.`registered_here`
                                )
                                THEN `t39`.`resp_method`
                                WHEN (
                                  `t39`.`outcome` = 'OUT:host_sub_icb'
                                )
                                OR (
                                  (
                                    `t39`.`outcome` = 'OUT:osv_guidance'
                                  ) AND NOT (
                                    `t39`.`registered_here`
                                  )
                                )
                                THEN 'provider_address'
                                WHEN `t39`.`outcome` = 'OUT:specialised_hub_provider'
                                THEN `t39`.`pv_hub_method`
                                WHEN `t39`.`outcome` = 'OUT:specialised_hub_gp_practice'
                                THEN `t39`.`gp_hub_method`
                                WHEN `t39`.`outcome` = 'OUT:armed_forces_hub'
                                THEN 'national_code'
                                WHEN `t39`.`outcome` = 'OUT:health_justice_hub'
                                THEN 'site_postcode'
                                WHEN `t39`.`outcome` = 'OUT:public_health_region'
                                THEN `t39`.`ph_method`
                                WHEN `t39`.`outcome` = 'OUT:local_authority'
                                THEN `t39`.`lad_method`
                                WHEN `t39`.`outcome` = 'OUT:devolved_board'
                                THEN `t39`.`board_method`
                                WHEN `t39`.`outcome` = 'OUT:devolved_specialised'
                                THEN `t39`.`devolved_method`
                                WHEN `t39`.`outcome` = 'OUT:private_or_cov'
                                THEN 'default_code'
                                ELSE ''
                              END = 'icb_only'
                            )
                          ),
                          CASE
                            WHEN (
                              `t39`.`outcome` = 'OUT:responsible_sub_icb'
                            )
                            OR (
                              (
                                `t39`.`outcome` = 'OUT:osv_guidance'
                              ) AND `t39`.`registered_here`
                            )
                            THEN `t39`.`resp_method`
                            WHEN (
                              `t39`.`outcome` = 'OUT:host_sub_icb'
                            )
                            OR (
                              (
                                `t39`.`outcome` = 'OUT:osv_guidance'
                              ) AND NOT (
                                `t39`.`registered_here`
                              )
                            )
                            THEN 'provider_address'
                            WHEN `t39`.`outcome` = 'OUT:specialised_hub_provider'
                            THEN `t39`.`pv_hub_method`
                            WHEN `t39`.`outcome` = 'OUT:specialised_hub_gp_practice'
                            THEN `t39`.`gp_hub_method`
                            WHEN `t39`.`outcome` = 'OUT:armed_forces_hub'
                            THEN 'national_code'
                            WHEN `t39`.`outcome` = 'OUT:health_justice_hub'
                            THEN 'site_postcode'
                            WHEN `t39`.`outcome` = 'OUT:public_health_region'
                            THEN `t39`.`ph_method`
                            WHEN `t39`.`outcome` = 'OUT:local_authority'
                            THEN `t39`.`lad_method`
                            WHEN `t39`.`outcome` = 'OUT:devolved_board'
                            THEN `t39`.`board_method`
                            WHEN `t39`.`outcome` = 'OUT:devolved_specialised'
                            THEN `t39`.`devolved_method`
                            WHEN `t39`.`outcome` = 'OUT:private_or_cov'
                            THEN 'default_code'
                            ELSE ''
                          END,
                          ''
                        ) AS `lookup_method`,
                        CASE
                          WHEN `t39`.`service_line_final` = ''
                          THEN 'none'
                          WHEN NOT (
                            `t39`.`ln_specialised`
                          )
                          THEN 'other'
                          WHEN (
                            `t39`.`ln_status` = 'green'
                          ) AND `t39`.`rp_delegated`
                          THEN 'delegated'
                          WHEN `t39`.`ln_status` IN ('green', 'amber', 'red', 'blue')
                          THEN 'retained'
                          ELSE 'other'
                        END AS `delegation_status`,
                        '' AS `reassignment_code`
                      FROM (
                        SELECT
                          `t38`.`record_id`,
                          `t38`.`row_key`,
                          `t38`.`submission_id`,
                          `t38`.`source_id`,
                          `t38`.`row_number`,
                          `t38`.`flow`,
                          `t38`.`fate`,
                          `t38`.`component`,
                          `t38`.`spell_id`,
                          `t38`.`episode_id`,
                          `t38`.`provider_code`,
                          `t38`.`site_code`,
                          `t38`.`patient_id`,
                          `t38`.`gp_practice_code`,
                          `t38`.`lsoa21_code`,
                          `t38`.`age`,
                          `t38`.`sex`,
                          `t38`.`ethnic_category`,
                          `t38`.`treatment_function_code`,
                          `t38`.`hrg`,
                          `t38`.`point_of_delivery`,
                          `t38`.`activity_date`,
                          `t38`.`financial_year`,
                          `t38`.`financial_month`,
                          `t38`.`commissioned_service_category`,
                          `t38`.`service_line_submitted`,
                          `t38`.`service_line_sus`,
                          `t38`.`commissioner_submitted`,
                          `t38`.`tariff_code`,
                          `t38`.`national_tariff_indicator`,
                          `t38`.`quantity`,
                          `t38`.`price_submitted`,
                          `t38`.`quantity_plan`,
                          `t38`.`price_plan`,
                          `t38`.`supply_route`,
                          `t38`.`setting`,
                          `t38`.`candidates`,
                          `t38`.`would_match`,
                          `t38`.`mask`,
                          `t38`.`rule_tie`,
                          `t38`.`spell_rule_record_id`,
                          `t38`.`rule_id`,
                          `t38`.`rule_status`,
                          `t38`.`service_line_derived`,
                          `t38`.`service_basis`,
                          `t38`.`service_line_final`,
                          `t38`.`service_note`,
                          `t38`.`counted`,
                          `t38`.`period`,
                          `t38`.`ln_specialised`,
                          `t38`.`ln_status`,
                          `t38`.`ln_set`,
                          `t38`.`ln_pss`,
                          `t38`.`ln_npoc`,
                          `t38`.`pr_sub_icb`,
                          `t38`.`residence`,
                          `t38`.`res_sub_icb`,
                          `t38`.`res_country`,
                          `t38`.`resp_code`,
                          `t38`.`resp_method`,
                          `t38`.`resp_icb`,
                          `t38`.`rp_region`,
                          `t38`.`rp_delegated`,
                          `t38`.`pop_icb`,
                          `t38`.`pop_sub_icb`,
                          `t38`.`population_method`,
                          `t38`.`sp_hub`,
                          `t38`.`pv_sub_icb`,
                          `t38`.`pv_icb`,
                          `t38`.`pv_region`,
                          `t38`.`pv_hub`,
                          `t38`.`pv_hub_method`,
                          `t38`.`pv_contracting_host`,
                          `t38`.`cs_code`,
                          `t38`.`cs_kind`,
                          `t38`.`assignment_date`,
                          `t38`.`rule_key`,
                          `t38`.`answers`,
                          `t38`.`unanswerable`,
                          `t38`.`notes`,
                          `t38`.`gp_hub`,
                          `t38`.`gp_hub_method`,
                          `t38`.`ph_region`,
                          `t38`.`ph_method`,
                          `t38`.`board`,
                          `t38`.`board_method`,
                          `t38`.`devolved_body`,
                          `t38`.`devolved_method`,
                          `t38`.`lad_code`,
                          `t38`.`lad_method`,
                          `t38`.`registered_here`,
                          `t38`.`ac_region`,
                          `t34`.`method`,
                          `t34`.`box_path`,
                          `t34`.`assignment_box`,
                          `t34`.`outcome`,
                          `t34`.`assignment_label`,
                          `t34`.`payer_kind`,
                          `t34`.`category_assigned`,
                          `t34`.`not_answerable`,
                          `t34`.`options`,
                          `t35`.`ex_payer_kind`,
                          `t35`.`ex_note`,
                          `t36`.`ac_rule`
                        FROM (
                          SELECT
                            `t9`.`record_id`,
                            `t9`.`row_key`,
                            `t9`.`submission_id`,
                            `t9`.`source_id`,
                            `t9`.`row_number`,
                            `t9`.`flow`,
                            `t9`.`fate`,
                            `t9`.`component`,
                            `t9`.`spell_id`,
                            `t9`.`episode_id`,
                            `t9`.`provider_code`,
                            `t9`.`site_code`,
                            `t9`.`patient_id`,
                            `t9`.`gp_practice_code`,
                            `t9`.`lsoa21_code`,
                            `t9`.`age`,
                            `t9`.`sex`,
                            `t9`.`ethnic_category`,
                            `t9`.`treatment_function_code`,
                            `t9`.`hrg`,
                            `t9`.`point_of_delivery`,
                            `t9`.`activity_date`,
                            `t9`.`financial_year`,
                            `t9`.`financial_month`,
                            `t9`.`commissioned_service_category`,
                            `t9`.`service_line_submitted`,
                            `t9`.`service_line_sus`,
                            `t9`.`commissioner_submitted`,
                            `t9`.`tariff_code`,
                            `t9`.`national_tariff_indicator`,
                            `t9`.`quantity`,
                            `t9`.`price_submitted`,
                            `t9`.`quantity_plan`,
                            `t9`.`price_plan`,
                            `t9`.`supply_route`,
                            `t9`.`setting`,
                            `t9`.`candidates`,
                            `t9`.`would_match`,
                            `t9`.`mask`,
                            `t9`.`rule_tie`,
                            `t9`.`spell_rule_record_id`,
                            `t9`.`rule_id`,
                            `t9`.`rule_status`,
                            `t9`.`service_line_derived`,
                            `t9`.`service_basis`,
                            `t9`.`service_line_final`,
                            `t9`.`service_note`,
                            `t9`.`counted`,
                            `t9`.`period`,
                            `t9`.`ln_specialised`,
                            `t9`.`ln_status`,
                            `t9`.`ln_set`,
                            `t9`.`ln_pss`,
                            `t9`.`ln_npoc`,
                            `t9`.`pr_sub_icb`,
                            `t9`.`residence`,
                            `t9`.`res_sub_icb`,
                            `t9`.`res_country`,
                            `t9`.`resp_code`,
                            `t9`.`resp_method`,
                            `t9`.`resp_icb`,
                            `t9`.`rp_region`,
                            `t9`.`rp_delegated`,
                            `t9`.`pop_icb`,
                            `t9`.`pop_sub_icb`,
                            `t9`.`population_method`,
                            `t9`.`sp_hub`,
                            `t9`.`pv_sub_icb`,
                            `t9`.`pv_icb`,
                            `t9`.`pv_region`,
                            `t9`.`pv_hub`,
                            `t9`.`pv_hub_method`,
                            `t9`.`pv_contracting_host`,
                            `t9`.`cs_code`,
                            `t9`.`cs_kind`,
                            `t9`.`assignment_date`,
                            `t9`.`rule_key`,
                            `t9`.`answers`,
                            `t9`.`unanswerable`,
                            `t9`.`notes`,
                            `t9`.`gp_hub`,
                            `t9`.`gp_hub_method`,
                            `t9`.`ph_region`,
                            `t9`.`ph_method`,
                            `t9`.`board`,
                            `t9`.`board_method`,
                            `t9`.`devolved_body`,
                            `t9`.`devolved_method`,
                            `t9`.`lad_code`,
                            `t9`.`lad_method`,
                            `t9`.`registered_here`,
                            IF(`t9`.`rp_region` <> '', `t9`.`rp_region`, `t9`.`pv_region`) AS `ac_region`
                          FROM `assign_asked` AS `t9`
                        ) AS `t38`
                        INNER JOIN (
                          SELECT
                            `t10`.`method`,
                            `t10`.`box_path`,
                            `t10`.`assignment_box`,
                            `t10`.`outcome`,
                            `t10`.`assignment_label`,
                            `t10`.`payer_kind`,
                            `t10`.`category_assigned`,
                            `t10`.`not_answerable`,
                            `t10`.`options`,
                            `t10`.`rule_key` AS `key_0_rule_key`,
                            `t10`.`answers` AS `key_0_answers`,
                            `t10`.`unanswerable` AS `key_0_unanswerable`,
                            `t10`.`notes` AS `key_0_notes`
                          FROM `assign_walks` AS `t10`
                        ) AS `t34`
                          ON `t38`.`rule_key` = `t34`.`key_0_rule_key`
                          AND `t38`.`answers` = `t34`.`key_0_answers`
                          AND `t38`.`unanswerable` = `t34`.`key_0_unanswerable`
                          AND `t38`.`notes` = `t34`.`key_0_notes`
                        LEFT OUTER JOIN (
                          SELECT
                            `t11`.`ex_payer_kind`,
                            `t11`.`ex_note`,
                            `t11`.`component` AS `key_1_component`,
                            `t11`.`commissioned_service_category` AS `key_1_commissioned_service_category`,
                            `t11`.`supply_route` AS `key_1_supply_route`,
                            `t11`.`ln_specialised` AS `key_1_ln_specialised`,
                            `t11`.`period` AS `key_1_period`
                          FROM `assign_excluded` AS `t11`
                        ) AS `t35`
                          ON `t38`.`component` = `t35`.`key_1_component`
                          AND `t38`.`commissioned_service_category` = `t35`.`key_1_commissioned_service_category`
                          AND `t38`.`supply_route` = `t35`.`key_1_supply_route`
                          AND `t38`.`ln_specialised` = `t35`.`key_1_ln_specialised`
                          AND `t38`.`period` = `t35`.`key_1_period`
                        LEFT OUTER JOIN (
                          SELECT
                            `t12`.`ac_rule`,
                            `t12`.`service_set` AS `key_2_service_set`,
                            `t12`.`region` AS `key_2_region`,
                            `t12`.`period` AS `key_2_period`
                          FROM `assign_accountable` AS `t12`
                        ) AS `t36`
                          ON `t38`.`ln_set` = `t36`.`key_2_service_set`
                          AND `t38`.`ac_region` = `t36`.`key_2_region`
                          AND `t38`.`period` = `t36`.`key_2_period`
                      ) AS `t39`
                    ) AS `t40`
                  ) AS `t41`
                ) AS `t42`
              ) AS `t44`
              LEFT OUTER JOIN (
                SELECT
                  `t6`.`price_group`,
                  `t6`.`currency_field`,
                  `t6`.`top_up_applies`,
                  `t6`.`market_forces_applies`,
                  `t6`.`basis` AS `pod_basis`,
                  `t6`.`point_of_delivery` AS `key_0_point_of_delivery`,
                  `t6`.`valid_from` AS `valid_from_0`,
                  `t6`.`valid_to` AS `valid_to_0`
                FROM `price_methods` AS `t6`
              ) AS `t31`
                ON `t44`.`point_of_delivery` = `t31`.`key_0_point_of_delivery`
                AND (
                  (
                    `t31`.`valid_from_0` IS NULL
                  )
                  OR (
                    `t31`.`valid_from_0` <= `t44`.`activity_date`
                  )
                )
                AND (
                  (
                    `t31`.`valid_to_0` IS NULL
                  )
                  OR (
                    `t44`.`activity_date` < `t31`.`valid_to_0`
                  )
                )
              LEFT OUTER JOIN (
                SELECT
                  `t7`.`attendance_group`,
                  `t7`.`hrg` AS `key_1_hrg`,
                  `t7`.`point_of_delivery` AS `key_1_point_of_delivery`,
                  `t7`.`valid_from` AS `valid_from_1`,
                  `t7`.`valid_to` AS `valid_to_1`
                FROM `price_attendances` AS `t7`
              ) AS `t32`
                ON `t44`.`hrg` = `t32`.`key_1_hrg`
                AND `t44`.`point_of_delivery` = `t32`.`key_1_point_of_delivery`
                AND (
                  (
                    `t32`.`valid_from_1` IS NULL
                  )
                  OR (
                    `t32`.`valid_from_1` <= `t44`.`activity_date`
                  )
                )
                AND (
                  (
                    `t32`.`valid_to_1` IS NULL
                  )
                  OR (
                    `t44`.`activity_date` < `t32`.`valid_to_1`
                  )
                )
              LEFT OUTER JOIN (
                SELECT
                  'Y' AS `low_volume`,
                  `t8`.`payer_code` AS `key_2_payer_code`,
                  `t8`.`provider_code` AS `key_2_provider_code`,
                  `t8`.`valid_from` AS `valid_from_2`,
                  `t8`.`valid_to` AS `valid_to_2`
                FROM `price_low_volume` AS `t8`
              ) AS `t33`
                ON `t44`.`payer_code` = `t33`.`key_2_payer_code`
                AND `t44`.`provider_code` = `t33`.`key_2_provider_code`
                AND (
                  (
                    `t33`.`valid_from_2` IS NULL
                  )
                  OR (
                    `t33`.`valid_from_2` <= `t44`.`activity_date`
                  )
                )
                AND (
                  (
                    `t33`.`valid_to_2` IS NULL
                  )
                  OR (
                    `t44`.`activity_date` < `t33`.`valid_to_2`
                  )
                )
            ) AS `t45`
          ) AS `t46`
        ) AS `t48`
        LEFT OUTER JOIN (
          SELECT
            `t0`.`unit_price`,
            `t0`.`price_table`,
            `t0`.`price_word`,
            `t0`.`financial_year` AS `key_0_financial_year`,
            `t0`.`price_group` AS `key_0_price_group`,
            `t0`.`currency_code` AS `key_0_currency_code`
          FROM `price_units` AS `t0`
        ) AS `t25`
          ON `t48`.`financial_year` = `t25`.`key_0_financial_year`
          AND `t48`.`price_group` = `t25`.`key_0_price_group`
          AND `t48`.`currency_code` = `t25`.`key_0_currency_code`
        LEFT OUTER JOIN (
          SELECT
            `t1`.`factor`,
            `t1`.`provider_code` AS `key_1_provider_code`,
            `t1`.`financial_year` AS `key_1_financial_year`
          FROM `price_forces` AS `t1`
        ) AS `t26`
          ON `t48`.`provider_code` = `t26`.`key_1_provider_code`
          AND `t48`.`financial_year` = `t26`.`key_1_financial_year`
        LEFT OUTER JOIN (
          SELECT
            `t2`.`best_unit`,
            `t2`.`addition`,
            `t2`.`plain_addition`,
            `t2`.`best_table`,
            `t2`.`financial_year` AS `key_2_financial_year`,
            `t2`.`price_group` AS `key_2_price_group`,
            `t2`.`currency_code` AS `key_2_currency_code`,
            `t2`.`best_practice_flag` AS `key_2_best_practice_flag`,
            `t2`.`valid_from` AS `valid_from_2`,
            `t2`.`valid_to` AS `valid_to_2`
          FROM `price_best` AS `t2`
        ) AS `t27`
          ON `t48`.`financial_year` = `t27`.`key_2_financial_year`
          AND `t48`.`price_group` = `t27`.`key_2_price_group`
          AND `t48`.`currency_code` = `t27`.`key_2_currency_code`
          AND `t48`.`best_practice_flag` = `t27`.`key_2_best_practice_flag`
          AND (
            (
              `t27`.`valid_from_2` IS NULL
            )
            OR (
              `t27`.`valid_from_2` <= `t48`.`activity_date`
            )
          )
          AND (
            (
              `t27`.`valid_to_2` IS NULL
            )
            OR (
              `t48`.`activity_date` < `t27`.`valid_to_2`
            )
          )
        LEFT OUTER JOIN (
          SELECT
            `t3`.`rate` AS `rate_final`,
            `t3`.`rank` AS `rank_final`,
            `t3`.`financial_year` AS `key_3_financial_year`,
            `t3`.`service_line_code` AS `key_3_service_line_code`,
            `t3`.`provider_code` AS `key_3_provider_code`,
            `t3`.`valid_from` AS `valid_from_3`,
            `t3`.`valid_to` AS `valid_to_3`
          FROM `price_top_ups_final` AS `t3`
        ) AS `t28`
          ON `t48`.`financial_year` = `t28`.`key_3_financial_year`
          AND `t48`.`service_line_final` = `t28`.`key_3_service_line_code`
          AND `t48`.`provider_code` = `t28`.`key_3_provider_code`
          AND (
            (
              `t28`.`valid_from_3` IS NULL
            )
            OR (
              `t28`.`valid_from_3` <= `t48`.`activity_date`
            )
          )
          AND (
            (
              `t28`.`valid_to_3` IS NULL
            )
            OR (
              `t48`.`activity_date` < `t28`.`valid_to_3`
            )
          )
        LEFT OUTER JOIN (
          SELECT
            `t4`.`rate` AS `rate_derived`,
            `t4`.`rank` AS `rank_derived`,
            `t4`.`financial_year` AS `key_4_financial_year`,
            `t4`.`service_line_code` AS `key_4_service_line_code`,
            `t4`.`provider_code` AS `key_4_provider_code`,
            `t4`.`valid_from` AS `valid_from_4`,
            `t4`.`valid_to` AS `valid_to_4`
          FROM `price_top_ups_derived` AS `t4`
        ) AS `t29`
          ON `t48`.`financial_year` = `t29`.`key_4_financial_year`
          AND `t48`.`service_line_derived` = `t29`.`key_4_service_line_code`
          AND `t48`.`provider_code` = `t29`.`key_4_provider_code`
          AND (
            (
              `t29`.`valid_from_4` IS NULL
            )
            OR (
              `t29`.`valid_from_4` <= `t48`.`activity_date`
            )
          )
          AND (
            (
              `t29`.`valid_to_4` IS NULL
            )
            OR (
              `t48`.`activity_date` < `t29`.`valid_to_4`
            )
          )
        LEFT OUTER JOIN (
          SELECT
            `t5`.`rate` AS `rate_sus`,
            `t5`.`rank` AS `rank_sus`,
            `t5`.`financial_year` AS `key_5_financial_year`,
            `t5`.`service_line_code` AS `key_5_service_line_code`,
            `t5`.`provider_code` AS `key_5_provider_code`,
            `t5`.`valid_from` AS `valid_from_5`,
            `t5`.`valid_to` AS `valid_to_5`
          FROM `price_top_ups_sus` AS `t5`
        ) AS `t30`
          ON `t48`.`financial_year` = `t30`.`key_5_financial_year`
          AND `t48`.`service_line_sus` = `t30`.`key_5_service_line_code`
          AND `t48`.`provider_code` = `t30`.`key_5_provider_code`
          AND (
            (
              `t30`.`valid_from_5` IS NULL
            )
            OR (
              `t30`.`valid_from_5` <= `t48`.`activity_date`
            )
          )
          AND (
            (
              `t30`.`valid_to_5` IS NULL
            )
            OR (
              `t48`.`activity_date` < `t30`.`valid_to_5`
            )
          )
      ) AS `t49`
    ) AS `t50`
  ) AS `t51`
) AS `t52`
