-- The floor: what any engine must at least do. Read the same 60 columns, look one thing up (the ICB of the patient's
-- area), group to the grain of the ledger and sum quantity and money. Each remaining column is touched as cheaply as
-- can be, by the length of its text, so that it is really read.
COPY (
    SELECT
        a.flow, a.fate, a.financial_year, a.financial_month, l.icb_code_2026 AS population_icb,
        a.commissioner_submitted, a.commissioned_service_category, a.service_line_submitted, a.service_line_sus,
        a.provider_code, a.point_of_delivery, a.component,
        count(*) AS records,
        sum(a.quantity) AS quantity,
        sum(a.price_submitted) AS price_submitted,
        sum(a.quantity_plan) AS quantity_plan,
        sum(a.price_plan) AS price_plan,
        sum(
            strlen(a.record_id) + strlen(a.submission_id) + strlen(a.source_id) + strlen(a.spell_id)
            + strlen(a.episode_id) + strlen(a.attendance_id) + strlen(a.cds_type) + strlen(a.cds_unique_id)
            + strlen(a.site_code) + strlen(a.patient_id) + strlen(a.gp_practice_code)
            + strlen(a.gp_practice_responsibility) + strlen(a.residence_responsibility) + strlen(a.postcode)
            + strlen(a.sex) + strlen(a.ethnic_category) + strlen(a.treatment_function_code)
            + strlen(a.main_specialty_code) + strlen(a.diagnosis_all) + strlen(a.procedure_all) + strlen(a.hrg)
            + strlen(a.spell_hrg) + strlen(a.unbundled_hrg_all) + strlen(a.admission_method)
            + strlen(a.patient_classification) + strlen(a.source_of_admission) + strlen(a.critical_care_unit_function)
            + strlen(a.administrative_category) + strlen(a.overseas_visitor_charging_category)
            + strlen(a.mental_health_category) + strlen(a.supply_route) + strlen(a.referred_via_ras)
            + strlen(a.section_7a_service) + strlen(a.other_public_health)
            + strlen(a.armed_forces_fertility_approved) + strlen(a.osv_international_agreement)
            + strlen(a.appendix_c_service)
        ) AS letters,
        sum(a.row_key) + sum(a.row_number) + sum(a.age) AS numbers,
        min(a.start_date) AS first_start, max(a.end_date) AS last_end,
        max(a.discharge_date) AS last_discharge, max(a.activity_date) AS last_activity
    FROM read_parquet($files) AS a
    LEFT JOIN read_parquet($areas) AS l ON a.lsoa21_code = l.lsoa21_code
    GROUP BY ALL
) TO $out (FORMAT parquet, COMPRESSION zstd);
