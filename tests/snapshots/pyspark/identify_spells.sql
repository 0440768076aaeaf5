WITH `t6` AS (
  SELECT
    *
  FROM (
    SELECT
      `t2`.`row_key`,
      `t2`.`record_id`,
      `t2`.`flow`,
      `t2`.`spell_id`,
      `t2`.`w0`,
      `t4`.`spell_rule_number`,
      `t4`.`spell_priority`,
      `t4`.`spell_line`,
      `t4`.`spell_tie_within`
    FROM `identify_tested_apc` AS `t2`
    INNER JOIN (
      SELECT
        `t1`.`spell_rule_number`,
        `t1`.`spell_priority`,
        `t1`.`spell_line`,
        `t1`.`spell_tie_within`,
        `t1`.`w0` AS `key_0_w0`
      FROM `identify_spell_holdings` AS `t1`
    ) AS `t4`
      ON `t2`.`w0` = `t4`.`key_0_w0`
  ) AS `t5`
  WHERE
    `t5`.`spell_rule_number` IS NOT NULL
)
SELECT
  `t14`.`spell_id`,
  `t14`.`spell_number`,
  `t14`.`spell_record_id`,
  (
    `t14`.`first_line` <> `t14`.`last_line`
  ) OR (
    `t14`.`within` = 1
  ) AS `spell_tie`,
  NOT (
    `t14`.`spell_number` IN (-1)
  ) AS `makes_specialised`
FROM (
  SELECT
    `t13`.`spell_id`,
    MIN(`t13`.`spell_number`) AS `spell_number`,
    MIN(IF(`t13`.`spell_rule_number` = `t13`.`spell_number`, `t13`.`record_id`, NULL)) AS `spell_record_id`,
    MIN(IF(`t13`.`spell_priority` = `t13`.`best_priority`, `t13`.`spell_line`, NULL)) AS `first_line`,
    MAX(IF(`t13`.`spell_priority` = `t13`.`best_priority`, `t13`.`spell_line`, NULL)) AS `last_line`,
    MAX(
      IF(
        (
          `t13`.`spell_priority` = `t13`.`best_priority`
        ) AND `t13`.`spell_tie_within`,
        1,
        0
      )
    ) AS `within`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t8`.`row_key`,
        `t8`.`record_id`,
        `t8`.`flow`,
        `t8`.`spell_id`,
        `t8`.`w0`,
        `t8`.`spell_rule_number`,
        `t8`.`spell_priority`,
        `t8`.`spell_line`,
        `t8`.`spell_tie_within`,
        `t11`.`spell_number`,
        `t11`.`best_priority`
      FROM `t6` AS `t8`
      INNER JOIN (
        SELECT
          `t9`.`spell_number`,
          `t9`.`best_priority`,
          `t9`.`spell_id` AS `key_0_spell_id`
        FROM (
          SELECT
            `t7`.`spell_id`,
            MIN(`t7`.`spell_rule_number`) AS `spell_number`,
            MIN(`t7`.`spell_priority`) AS `best_priority`
          FROM `t6` AS `t7`
          GROUP BY
            1
        ) AS `t9`
      ) AS `t11`
        ON `t8`.`spell_id` = `t11`.`key_0_spell_id`
    ) AS `t12`
  ) AS `t13`
  GROUP BY
    1
) AS `t14`
