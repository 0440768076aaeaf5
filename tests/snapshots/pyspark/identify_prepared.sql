SELECT
  `t6`.`row_key`,
  `t6`.`record_id`,
  `t6`.`flow`,
  `t6`.`provider_code`,
  `t6`.`cds_unique_id`,
  `t6`.`attendance_id`,
  `t6`.`admission_method`,
  COALESCE(`t6`.`age`, 999) AS `age`,
  `t6`.`critical_care_unit_function`,
  `t6`.`diagnosis_all`,
  `t6`.`hrg`,
  `t6`.`main_specialty_code`,
  `t6`.`patient_classification`,
  `t6`.`procedure_all`,
  `t6`.`service_line_submitted`,
  `t6`.`service_line_sus`,
  `t6`.`sex`,
  `t6`.`spell_hrg`,
  `t6`.`treatment_function_code`,
  `t6`.`unbundled_hrg_all`,
  '' AS `list_site`,
  COALESCE(ELEMENT_AT(SPLIT(`t6`.`diagnosis_all`, ','), 0 + 1), '') AS `diagnosis_primary`,
  IF(
    `t6`.`mental_health_category` <> '',
    `t6`.`mental_health_category`,
    `t6`.`service_line_submitted`
  ) AS `submitted_code`,
  IF(
    (
      `t6`.`spell_id` = ''
    ) AND `t6`.`flow` IN ('apc_episode', 'apc_spell'),
    `t6`.`record_id`,
    `t6`.`spell_id`
  ) AS `spell_id`,
  COALESCE(`t6`.`epoch`, 0) AS `epoch`
FROM (
  SELECT
    `t5`.`record_id`,
    `t5`.`row_key`,
    `t5`.`submission_id`,
    `t5`.`source_id`,
    `t5`.`row_number`,
    `t5`.`flow`,
    `t5`.`fate`,
    `t5`.`component`,
    `t5`.`spell_id`,
    `t5`.`episode_id`,
    `t5`.`attendance_id`,
    `t5`.`cds_type`,
    `t5`.`cds_unique_id`,
    `t5`.`provider_code`,
    `t5`.`site_code`,
    `t5`.`patient_id`,
    `t5`.`withheld_identity_reason`,
    `t5`.`gp_practice_code`,
    `t5`.`gp_practice_responsibility`,
    `t5`.`residence_responsibility`,
    `t5`.`postcode`,
    `t5`.`lsoa21_code`,
    `t5`.`age`,
    `t5`.`sex`,
    `t5`.`ethnic_category`,
    `t5`.`treatment_function_code`,
    `t5`.`main_specialty_code`,
    `t5`.`diagnosis_all`,
    `t5`.`procedure_all`,
    `t5`.`hrg`,
    `t5`.`spell_hrg`,
    `t5`.`unbundled_hrg_all`,
    `t5`.`point_of_delivery`,
    `t5`.`admission_method`,
    `t5`.`patient_classification`,
    `t5`.`source_of_admission`,
    `t5`.`attendance_status`,
    `t5`.`first_attendance`,
    `t5`.`referral_source`,
    `t5`.`critical_care_unit_function`,
    `t5`.`administrative_category`,
    `t5`.`overseas_visitor_charging_category`,
    `t5`.`start_date`,
    `t5`.`end_date`,
    `t5`.`discharge_date`,
    `t5`.`activity_date`,
    `t5`.`financial_year`,
    `t5`.`financial_month`,
    `t5`.`commissioned_service_category`,
    `t5`.`service_line_submitted`,
    `t5`.`mental_health_category`,
    `t5`.`service_line_sus`,
    `t5`.`commissioner_submitted`,
    `t5`.`tariff_code`,
    `t5`.`national_tariff_indicator`,
    `t5`.`quantity`,
    `t5`.`unit_price_submitted`,
    `t5`.`price_submitted`,
    `t5`.`mff_submitted`,
    `t5`.`quantity_plan`,
    `t5`.`price_plan`,
    `t5`.`drug_code`,
    `t5`.`device_code`,
    `t5`.`supply_route`,
    `t5`.`approval_id`,
    `t5`.`referred_via_ras`,
    `t5`.`section_7a_service`,
    `t5`.`other_public_health`,
    `t5`.`armed_forces_fertility_approved`,
    `t5`.`osv_international_agreement`,
    `t5`.`appendix_c_service`,
    `t4`.`epoch`
  FROM (
    SELECT
      *
    FROM `activity_in` AS `t0`
    WHERE
      `t0`.`fate` = 'accepted'
  ) AS `t5`
  LEFT OUTER JOIN (
    SELECT
      `t1`.`epoch`,
      `t1`.`day` AS `key_0_day`
    FROM `identify_days` AS `t1`
  ) AS `t4`
    ON `t5`.`activity_date` = `t4`.`key_0_day`
) AS `t6`
