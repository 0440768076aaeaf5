SELECT
  `t18`.`row_key`,
  `t18`.`spell_id`,
  `t18`.`epoch_0` & (
    (
      2 | COALESCE(`t18`.`diagnosis_any_0`, 0)
    ) & ~COALESCE(`t18`.`diagnosis_any_bar_0`, 0)
  ) & (
    (
      1 | COALESCE(`t18`.`procedure_any_0`, 0)
    ) & ~COALESCE(`t18`.`procedure_any_bar_0`, 0)
  ) AS `w0`
FROM (
  SELECT
    `t17`.`row_key`,
    `t17`.`record_id`,
    `t17`.`flow`,
    `t17`.`provider_code`,
    `t17`.`cds_unique_id`,
    `t17`.`attendance_id`,
    `t17`.`admission_method`,
    `t17`.`age`,
    `t17`.`critical_care_unit_function`,
    `t17`.`diagnosis_all`,
    `t17`.`hrg`,
    `t17`.`main_specialty_code`,
    `t17`.`patient_classification`,
    `t17`.`procedure_all`,
    `t17`.`service_line_submitted`,
    `t17`.`service_line_sus`,
    `t17`.`sex`,
    `t17`.`spell_hrg`,
    `t17`.`treatment_function_code`,
    `t17`.`unbundled_hrg_all`,
    `t17`.`list_site`,
    `t17`.`diagnosis_primary`,
    `t17`.`submitted_code`,
    `t17`.`spell_id`,
    `t17`.`epoch`,
    `t11`.`epoch_0`,
    `t12`.`diagnosis_any_0`,
    `t12`.`diagnosis_any_bar_0`,
    `t13`.`procedure_any_0`,
    `t13`.`procedure_any_bar_0`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM `identify_prepared` AS `t0`
      WHERE
        `t0`.`flow` IN ('apc_episode', 'apc_spell') AND `t0`.`flow` = 'apc_episode'
    ) AS `t9`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t14`.`row_key`,
        `t14`.`record_id`,
        `t14`.`flow`,
        `t14`.`provider_code`,
        `t14`.`cds_unique_id`,
        `t14`.`attendance_id`,
        `t14`.`admission_method`,
        `t14`.`age`,
        `t14`.`critical_care_unit_function`,
        `t14`.`diagnosis_all`,
        `t14`.`hrg`,
        `t14`.`main_specialty_code`,
        `t14`.`patient_classification`,
        `t14`.`procedure_all`,
        `t14`.`service_line_submitted`,
        `t14`.`service_line_sus`,
        `t14`.`sex`,
        `t14`.`spell_hrg`,
        `t14`.`treatment_function_code`,
        `t14`.`unbundled_hrg_all`,
        `t14`.`list_site`,
        `t14`.`diagnosis_primary`,
        `t14`.`submitted_code`,
        `t14`.`spell_id`,
        `t14`.`epoch`
      FROM (
        SELECT
          *
        FROM `identify_prepared` AS `t0`
        WHERE
          `t0`.`flow` IN ('apc_episode', 'apc_spell') AND `t0`.`flow` <> 'apc_episode'
      ) AS `t14`
      LEFT ANTI JOIN `survey_episode_spells` AS `t5`
        ON `t14`.`spell_id` = `t5`.`spell_id`
    ) AS `t15`
  ) AS `t17`
  INNER JOIN (
    SELECT
      `t1`.`epoch_0`,
      `t1`.`value` AS `key_0_value`,
      `t1`.`epoch` AS `key_0_epoch`
    FROM `identify_apc_epoch` AS `t1`
  ) AS `t11`
    ON `t17`.`flow` = `t11`.`key_0_value` AND `t17`.`epoch` = `t11`.`key_0_epoch`
  LEFT OUTER JOIN (
    SELECT
      `t2`.`diagnosis_any_0`,
      `t2`.`diagnosis_any_bar_0`,
      `t2`.`diagnosis_all` AS `key_1_diagnosis_all`
    FROM `identify_apc_diagnosis_any_lists` AS `t2`
  ) AS `t12`
    ON `t17`.`diagnosis_all` = `t12`.`key_1_diagnosis_all`
  LEFT OUTER JOIN (
    SELECT
      `t3`.`procedure_any_0`,
      `t3`.`procedure_any_bar_0`,
      `t3`.`procedure_all` AS `key_2_procedure_all`
    FROM `identify_apc_procedure_any_lists` AS `t3`
  ) AS `t13`
    ON `t17`.`procedure_all` = `t13`.`key_2_procedure_all`
) AS `t18`
