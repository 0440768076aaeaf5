SELECT DISTINCT
  `t0`.`flow`,
  `t0`.`counted`,
  `t0`.`financial_year`,
  `t0`.`financial_month`,
  `t0`.`population_icb`,
  `t0`.`payer_code`,
  `t0`.`payer_kind`,
  `t0`.`service_line_final`,
  `t0`.`pss_line`,
  `t0`.`npoc_code`,
  `t0`.`provider_code`,
  `t0`.`point_of_delivery`,
  `t0`.`component`,
  `t0`.`delegation_status`,
  `t0`.`patient_id`
FROM `records` AS `t0`
WHERE
  `t0`.`fate` = 'accepted' AND `t0`.`patient_id` <> '' AND `t0`.`flow` <> 'iap'
