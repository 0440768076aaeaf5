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
        `t58`.`row_key`,
        `t58`.`holding`
      FROM (
        SELECT
          `t52`.`row_key`,
          `t52`.`spell_id`,
          `t52`.`w0`,
          `t52`.`makes_specialised`,
          `t52`.`spell_specialised`,
          `t30`.`holding`
        FROM (
          SELECT
            `t39`.`row_key`,
            `t39`.`spell_id`,
            `t39`.`w0`,
            `t39`.`makes_specialised`,
            COALESCE(`t39`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t16`.`row_key`,
              `t16`.`spell_id`,
              `t16`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_acm_mhsds_nrd` AS `t16`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t16`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t39`
        ) AS `t52`
        INNER JOIN (
          SELECT
            `t2`.`holding`,
            `t2`.`w0` AS `key_0_w0`,
            `t2`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_acm_mhsds_nrd` AS `t2`
        ) AS `t30`
          ON `t52`.`w0` = `t30`.`key_0_w0`
          AND `t52`.`spell_specialised` = `t30`.`key_0_spell_specialised`
      ) AS `t58`
    ) AS `t64`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t59`.`row_key`,
        `t59`.`holding`
      FROM (
        SELECT
          `t53`.`row_key`,
          `t53`.`spell_id`,
          `t53`.`w0`,
          `t53`.`makes_specialised`,
          `t53`.`spell_specialised`,
          `t31`.`holding`
        FROM (
          SELECT
            `t40`.`row_key`,
            `t40`.`spell_id`,
            `t40`.`w0`,
            `t40`.`makes_specialised`,
            COALESCE(`t40`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t17`.`row_key`,
              `t17`.`spell_id`,
              `t17`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_apc` AS `t17`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t17`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t40`
        ) AS `t53`
        INNER JOIN (
          SELECT
            `t3`.`holding`,
            `t3`.`w0` AS `key_0_w0`,
            `t3`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_apc` AS `t3`
        ) AS `t31`
          ON `t53`.`w0` = `t31`.`key_0_w0`
          AND `t53`.`spell_specialised` = `t31`.`key_0_spell_specialised`
      ) AS `t59`
    ) AS `t65`
  ) AS `t70`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t38`.`row_key`,
        2 AS `holding`
      FROM (
        SELECT
          *
        FROM `identify_prepared` AS `t0`
        WHERE
          `t0`.`flow` IN ('apc_episode', 'apc_spell') AND `t0`.`flow` = 'apc_spell'
      ) AS `t38`
      LEFT SEMI JOIN `survey_episode_spells` AS `t15`
        ON `t38`.`spell_id` = `t15`.`spell_id`
    ) AS `t45`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t60`.`row_key`,
        `t60`.`holding`
      FROM (
        SELECT
          `t54`.`row_key`,
          `t54`.`spell_id`,
          `t54`.`w0`,
          `t54`.`makes_specialised`,
          `t54`.`spell_specialised`,
          `t32`.`holding`
        FROM (
          SELECT
            `t41`.`row_key`,
            `t41`.`spell_id`,
            `t41`.`w0`,
            `t41`.`makes_specialised`,
            COALESCE(`t41`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t18`.`row_key`,
              `t18`.`spell_id`,
              `t18`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_cc` AS `t18`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t18`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t41`
        ) AS `t54`
        INNER JOIN (
          SELECT
            `t4`.`holding`,
            `t4`.`w0` AS `key_0_w0`,
            `t4`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_cc` AS `t4`
        ) AS `t32`
          ON `t54`.`w0` = `t32`.`key_0_w0`
          AND `t54`.`spell_specialised` = `t32`.`key_0_spell_specialised`
      ) AS `t60`
    ) AS `t66`
  ) AS `t71`
) AS `t74`
UNION ALL
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
        `t61`.`row_key`,
        `t61`.`holding`
      FROM (
        SELECT
          `t55`.`row_key`,
          `t55`.`spell_id`,
          `t55`.`w0`,
          `t55`.`makes_specialised`,
          `t55`.`spell_specialised`,
          `t33`.`holding`
        FROM (
          SELECT
            `t42`.`row_key`,
            `t42`.`spell_id`,
            `t42`.`w0`,
            `t42`.`makes_specialised`,
            COALESCE(`t42`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t19`.`row_key`,
              `t19`.`spell_id`,
              `t19`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_device` AS `t19`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t19`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t42`
        ) AS `t55`
        INNER JOIN (
          SELECT
            `t5`.`holding`,
            `t5`.`w0` AS `key_0_w0`,
            `t5`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_device` AS `t5`
        ) AS `t33`
          ON `t55`.`w0` = `t33`.`key_0_w0`
          AND `t55`.`spell_specialised` = `t33`.`key_0_spell_specialised`
      ) AS `t61`
    ) AS `t67`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t62`.`row_key`,
        `t62`.`holding`
      FROM (
        SELECT
          `t56`.`row_key`,
          `t56`.`spell_id`,
          `t56`.`w0`,
          `t56`.`makes_specialised`,
          `t56`.`spell_specialised`,
          `t34`.`holding`
        FROM (
          SELECT
            `t43`.`row_key`,
            `t43`.`spell_id`,
            `t43`.`w0`,
            `t43`.`makes_specialised`,
            COALESCE(`t43`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t20`.`row_key`,
              `t20`.`spell_id`,
              `t20`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_drug` AS `t20`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t20`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t43`
        ) AS `t56`
        INNER JOIN (
          SELECT
            `t6`.`holding`,
            `t6`.`w0` AS `key_0_w0`,
            `t6`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_drug` AS `t6`
        ) AS `t34`
          ON `t56`.`w0` = `t34`.`key_0_w0`
          AND `t56`.`spell_specialised` = `t34`.`key_0_spell_specialised`
      ) AS `t62`
    ) AS `t68`
  ) AS `t72`
  UNION ALL
  SELECT
    *
  FROM (
    SELECT
      *
    FROM (
      SELECT
        `t63`.`row_key`,
        `t63`.`holding`
      FROM (
        SELECT
          `t57`.`row_key`,
          `t57`.`spell_id`,
          `t57`.`w0`,
          `t57`.`makes_specialised`,
          `t57`.`spell_specialised`,
          `t35`.`holding`
        FROM (
          SELECT
            `t44`.`row_key`,
            `t44`.`spell_id`,
            `t44`.`w0`,
            `t44`.`makes_specialised`,
            COALESCE(`t44`.`makes_specialised`, FALSE) AS `spell_specialised`
          FROM (
            SELECT
              `t21`.`row_key`,
              `t21`.`spell_id`,
              `t21`.`w0`,
              `t36`.`makes_specialised`
            FROM `identify_tested_op` AS `t21`
            LEFT OUTER JOIN (
              SELECT
                `t14`.`makes_specialised`,
                `t14`.`spell_id` AS `key_0_spell_id`
              FROM `survey_spells` AS `t14`
            ) AS `t36`
              ON `t21`.`spell_id` = `t36`.`key_0_spell_id`
          ) AS `t44`
        ) AS `t57`
        INNER JOIN (
          SELECT
            `t7`.`holding`,
            `t7`.`w0` AS `key_0_w0`,
            `t7`.`spell_specialised` AS `key_0_spell_specialised`
          FROM `identify_own_op` AS `t7`
        ) AS `t35`
          ON `t57`.`w0` = `t35`.`key_0_w0`
          AND `t57`.`spell_specialised` = `t35`.`key_0_spell_specialised`
      ) AS `t63`
    ) AS `t69`
    UNION ALL
    SELECT
      *
    FROM (
      SELECT
        `t0`.`row_key`,
        0 AS `holding`
      FROM `identify_prepared` AS `t0`
      WHERE
        NOT (
          `t0`.`flow` IN (
            'acm',
            'plcm',
            'apc_episode',
            'apc_spell',
            'cc_adult',
            'cc_neonatal',
            'cc_paediatric',
            'deplcm',
            'drplcm',
            'op'
          )
        )
    ) AS `t37`
  ) AS `t73`
) AS `t75`
