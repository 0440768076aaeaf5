WITH `t16` AS (
  SELECT
    `t8`.`spell_number`,
    `t8`.`spell_record_id`,
    `t8`.`spell_tie`,
    `t8`.`makes_specialised`,
    `t8`.`spell_id` AS `key_0_spell_id`
  FROM `survey_spells` AS `t8`
)
SELECT
  *
FROM (
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t36`.`flow`,
        `t36`.`spell_id`,
        `t36`.`provider_code`,
        `t36`.`cds_unique_id`,
        `t36`.`attendance_id`,
        IF(
          (
            `t36`.`spell_number` IS NOT NULL
          ) AND TRUE,
          `t36`.`spell_number`,
          IF(`t36`.`flow` = 'apc_spell', CAST(NULL AS INT), `t36`.`own_rule_number`)
        ) AS `number`,
        CAST(COALESCE(
          IF((
            `t36`.`spell_number` IS NOT NULL
          ) AND TRUE, `t36`.`spell_tie`, `t36`.`own_tie`),
          FALSE
        ) AS TINYINT) AS `tie`
      FROM (
        SELECT
          `t33`.`record_id`,
          `t33`.`flow`,
          `t33`.`spell_id`,
          `t33`.`provider_code`,
          `t33`.`cds_unique_id`,
          `t33`.`attendance_id`,
          `t33`.`w0`,
          `t33`.`spell_number`,
          `t33`.`spell_record_id`,
          `t33`.`spell_tie`,
          `t33`.`makes_specialised`,
          `t33`.`spell_specialised`,
          `t18`.`holding`,
          `t18`.`setting`,
          `t18`.`own_rule_number`,
          `t18`.`own_tie`,
          `t18`.`candidates`,
          `t18`.`would_match`,
          `t18`.`mask`
        FROM (
          SELECT
            `t26`.`record_id`,
            `t26`.`flow`,
            `t26`.`spell_id`,
            `t26`.`provider_code`,
            `t26`.`cds_unique_id`,
            `t26`.`attendance_id`,
            `t26`.`w0`,
            `t26`.`spell_number`,
            `t26`.`spell_record_id`,
            `t26`.`spell_tie`,
            `t26`.`makes_specialised`,
            COALESCE(`t26`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t10`.`record_id`,
              `t10`.`flow`,
              `t10`.`spell_id`,
              `t10`.`provider_code`,
              `t10`.`cds_unique_id`,
              `t10`.`attendance_id`,
              `t10`.`w0`,
              `t24`.`spell_number`,
              `t24`.`spell_record_id`,
              `t24`.`spell_tie`,
              `t24`.`makes_specialised`
            FROM `survey_tested_apc` AS `t10`
            LEFT OUTER JOIN `t16` AS `t24`
              ON `t10`.`spell_id` = `t24`.`key_0_spell_id`
          ) AS `t26`
        ) AS `t33`
        INNER JOIN (
          SELECT
            `t2`.`holding`,
            `t2`.`setting`,
            `t2`.`own_rule_number`,
            `t2`.`own_tie`,
            `t2`.`candidates`,
            `t2`.`would_match`,
            `t2`.`mask`,
            `t2`.`w0` AS `key_0_w0`,
            `t2`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `survey_own_apc` AS `t2`
        ) AS `t18`
          ON `t33`.`w0` = `t18`.`key_0_w0`
          AND `t33`.`spell_specialised` = `t18`.`key_0_spell_specialised`
      ) AS `t36`
    ) AS `t39`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t37`.`flow`,
        `t37`.`spell_id`,
        `t37`.`provider_code`,
        `t37`.`cds_unique_id`,
        `t37`.`attendance_id`,
        IF(
          (
            `t37`.`spell_number` IS NOT NULL
          ) AND FALSE,
          `t37`.`spell_number`,
          IF(`t37`.`flow` = 'apc_spell', CAST(NULL AS INT), `t37`.`own_rule_number`)
        ) AS `number`,
        CAST(COALESCE(
          IF((
            `t37`.`spell_number` IS NOT NULL
          ) AND FALSE, `t37`.`spell_tie`, `t37`.`own_tie`),
          FALSE
        ) AS TINYINT) AS `tie`
      FROM (
        SELECT
          `t34`.`record_id`,
          `t34`.`flow`,
          `t34`.`spell_id`,
          `t34`.`provider_code`,
          `t34`.`cds_unique_id`,
          `t34`.`attendance_id`,
          `t34`.`w0`,
          `t34`.`spell_number`,
          `t34`.`spell_record_id`,
          `t34`.`spell_tie`,
          `t34`.`makes_specialised`,
          `t34`.`spell_specialised`,
          `t19`.`holding`,
          `t19`.`setting`,
          `t19`.`own_rule_number`,
          `t19`.`own_tie`,
          `t19`.`candidates`,
          `t19`.`would_match`,
          `t19`.`mask`
        FROM (
          SELECT
            `t27`.`record_id`,
            `t27`.`flow`,
            `t27`.`spell_id`,
            `t27`.`provider_code`,
            `t27`.`cds_unique_id`,
            `t27`.`attendance_id`,
            `t27`.`w0`,
            `t27`.`spell_number`,
            `t27`.`spell_record_id`,
            `t27`.`spell_tie`,
            `t27`.`makes_specialised`,
            COALESCE(`t27`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t11`.`record_id`,
              `t11`.`flow`,
              `t11`.`spell_id`,
              `t11`.`provider_code`,
              `t11`.`cds_unique_id`,
              `t11`.`attendance_id`,
              `t11`.`w0`,
              `t24`.`spell_number`,
              `t24`.`spell_record_id`,
              `t24`.`spell_tie`,
              `t24`.`makes_specialised`
            FROM `survey_tested_cc` AS `t11`
            LEFT OUTER JOIN `t16` AS `t24`
              ON `t11`.`spell_id` = `t24`.`key_0_spell_id`
          ) AS `t27`
        ) AS `t34`
        INNER JOIN (
          SELECT
            `t3`.`holding`,
            `t3`.`setting`,
            `t3`.`own_rule_number`,
            `t3`.`own_tie`,
            `t3`.`candidates`,
            `t3`.`would_match`,
            `t3`.`mask`,
            `t3`.`w0` AS `key_0_w0`,
            `t3`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `survey_own_cc` AS `t3`
        ) AS `t19`
          ON `t34`.`w0` = `t19`.`key_0_w0`
          AND `t34`.`spell_specialised` = `t19`.`key_0_spell_specialised`
      ) AS `t37`
    ) AS `t40`
  ) AS `t42`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t38`.`flow`,
        `t38`.`spell_id`,
        `t38`.`provider_code`,
        `t38`.`cds_unique_id`,
        `t38`.`attendance_id`,
        IF(
          (
            `t38`.`spell_number` IS NOT NULL
          ) AND FALSE,
          `t38`.`spell_number`,
          IF(`t38`.`flow` = 'apc_spell', CAST(NULL AS INT), `t38`.`own_rule_number`)
        ) AS `number`,
        CAST(COALESCE(
          IF((
            `t38`.`spell_number` IS NOT NULL
          ) AND FALSE, `t38`.`spell_tie`, `t38`.`own_tie`),
          FALSE
        ) AS TINYINT) AS `tie`
      FROM (
        SELECT
          `t35`.`record_id`,
          `t35`.`flow`,
          `t35`.`spell_id`,
          `t35`.`provider_code`,
          `t35`.`cds_unique_id`,
          `t35`.`attendance_id`,
          `t35`.`w0`,
          `t35`.`spell_number`,
          `t35`.`spell_record_id`,
          `t35`.`spell_tie`,
          `t35`.`makes_specialised`,
          `t35`.`spell_specialised`,
          `t20`.`holding`,
          `t20`.`setting`,
          `t20`.`own_rule_number`,
          `t20`.`own_tie`,
          `t20`.`candidates`,
          `t20`.`would_match`,
          `t20`.`mask`
        FROM (
          SELECT
            `t28`.`record_id`,
            `t28`.`flow`,
            `t28`.`spell_id`,
            `t28`.`provider_code`,
            `t28`.`cds_unique_id`,
            `t28`.`attendance_id`,
            `t28`.`w0`,
            `t28`.`spell_number`,
            `t28`.`spell_record_id`,
            `t28`.`spell_tie`,
            `t28`.`makes_specialised`,
            COALESCE(`t28`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t12`.`record_id`,
              `t12`.`flow`,
              `t12`.`spell_id`,
              `t12`.`provider_code`,
              `t12`.`cds_unique_id`,
              `t12`.`attendance_id`,
              `t12`.`w0`,
              `t24`.`spell_number`,
              `t24`.`spell_record_id`,
              `t24`.`spell_tie`,
              `t24`.`makes_specialised`
            FROM `survey_tested_op` AS `t12`
            LEFT OUTER JOIN `t16` AS `t24`
              ON `t12`.`spell_id` = `t24`.`key_0_spell_id`
          ) AS `t28`
        ) AS `t35`
        INNER JOIN (
          SELECT
            `t4`.`holding`,
            `t4`.`setting`,
            `t4`.`own_rule_number`,
            `t4`.`own_tie`,
            `t4`.`candidates`,
            `t4`.`would_match`,
            `t4`.`mask`,
            `t4`.`w0` AS `key_0_w0`,
            `t4`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `survey_own_op` AS `t4`
        ) AS `t20`
          ON `t35`.`w0` = `t20`.`key_0_w0`
          AND `t35`.`spell_specialised` = `t20`.`key_0_spell_specialised`
      ) AS `t38`
    ) AS `t41`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t25`.`flow`,
        `t25`.`spell_id`,
        `t25`.`provider_code`,
        `t25`.`cds_unique_id`,
        `t25`.`attendance_id`,
        `t25`.`spell_number` AS `number`,
        CAST(`t25`.`spell_tie` AS TINYINT) AS `tie`
      FROM (
        SELECT
          `t22`.`row_key`,
          `t22`.`record_id`,
          `t22`.`flow`,
          `t22`.`provider_code`,
          `t22`.`cds_unique_id`,
          `t22`.`attendance_id`,
          `t22`.`admission_method`,
          `t22`.`age`,
          `t22`.`critical_care_unit_function`,
          `t22`.`diagnosis_all`,
          `t22`.`hrg`,
          `t22`.`main_specialty_code`,
          `t22`.`patient_classification`,
          `t22`.`procedure_all`,
          `t22`.`service_line_submitted`,
          `t22`.`service_line_sus`,
          `t22`.`sex`,
          `t22`.`spell_hrg`,
          `t22`.`treatment_function_code`,
          `t22`.`unbundled_hrg_all`,
          `t22`.`list_site`,
          `t22`.`diagnosis_primary`,
          `t22`.`submitted_code`,
          `t22`.`spell_id`,
          `t22`.`epoch`,
          `t23`.`spell_number`,
          `t23`.`spell_record_id`,
          `t23`.`spell_tie`,
          `t23`.`makes_specialised`
        FROM (
          SELECT
            *
          FROM `survey_prepared` AS `t0`
          WHERE
            `t0`.`flow` = 'apc_spell'
        ) AS `t22`
        LEFT SEMI JOIN `survey_episode_spells` AS `t9`
          ON `t22`.`spell_id` = `t9`.`spell_id`
        INNER JOIN `t16` AS `t23`
          ON `t22`.`spell_id` = `t23`.`key_0_spell_id`
      ) AS `t25`
    ) AS `t29`
  ) AS `t43`
) AS `t44`
WHERE
  `t44`.`number` IS NOT NULL
