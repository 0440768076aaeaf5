SELECT
  *
FROM (
  SELECT
    "t3"."flow",
    'actual' AS "measure",
    "t3"."counted",
    "t3"."financial_year",
    "t3"."financial_month",
    "t3"."population_icb",
    "t3"."payer_code",
    "t3"."payer_kind",
    "t3"."service_line_final",
    "t3"."pss_line",
    "t3"."npoc_code",
    "t3"."provider_code",
    "t3"."point_of_delivery",
    "t3"."component",
    "t3"."delegation_status",
    "t3"."records",
    "t3"."quantity",
    "t3"."price_submitted",
    "t3"."price_expected"
  FROM (
    SELECT
      "t1"."flow",
      "t1"."counted",
      "t1"."financial_year",
      "t1"."financial_month",
      "t1"."population_icb",
      "t1"."payer_code",
      "t1"."payer_kind",
      "t1"."service_line_final",
      "t1"."pss_line",
      "t1"."npoc_code",
      "t1"."provider_code",
      "t1"."point_of_delivery",
      "t1"."component",
      "t1"."delegation_status",
      COUNT(*) AS "records",
      COALESCE(SUM("t1"."quantity"), CAST(0 AS DECIMAL(38, 3))) AS "quantity",
      COALESCE(SUM("t1"."price_submitted"), CAST(0 AS DECIMAL(38, 8))) AS "price_submitted",
      COALESCE(SUM("t1"."price_expected"), CAST(0 AS DECIMAL(38, 2))) AS "price_expected"
    FROM (
      SELECT
        *
      FROM "records" AS "t0"
      WHERE
        "t0"."fate" = 'accepted' AND "t0"."flow" <> 'iap'
    ) AS "t1"
    GROUP BY
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      11,
      12,
      13,
      14
  ) AS "t3"
) AS "t5"
UNION ALL
SELECT
  *
FROM (
  SELECT
    "t4"."flow",
    'plan' AS "measure",
    "t4"."counted",
    "t4"."financial_year",
    "t4"."financial_month",
    "t4"."population_icb",
    "t4"."payer_code",
    "t4"."payer_kind",
    "t4"."service_line_final",
    "t4"."pss_line",
    "t4"."npoc_code",
    "t4"."provider_code",
    "t4"."point_of_delivery",
    "t4"."component",
    "t4"."delegation_status",
    "t4"."records",
    "t4"."quantity",
    "t4"."price_submitted",
    "t4"."price_expected"
  FROM (
    SELECT
      "t2"."flow",
      "t2"."counted",
      "t2"."financial_year",
      "t2"."financial_month",
      "t2"."population_icb",
      "t2"."payer_code",
      "t2"."payer_kind",
      "t2"."service_line_final",
      "t2"."pss_line",
      "t2"."npoc_code",
      "t2"."provider_code",
      "t2"."point_of_delivery",
      "t2"."component",
      "t2"."delegation_status",
      COUNT(*) AS "records",
      COALESCE(SUM("t2"."quantity_plan"), CAST(0 AS DECIMAL(38, 3))) AS "quantity",
      COALESCE(SUM("t2"."price_plan"), CAST(0 AS DECIMAL(38, 8))) AS "price_submitted",
      CAST(0 AS DECIMAL(38, 2)) AS "price_expected"
    FROM (
      SELECT
        *
      FROM "records" AS "t0"
      WHERE
        "t0"."fate" = 'accepted'
        AND (
          (
            "t0"."price_plan" IS NOT NULL
          ) OR (
            "t0"."quantity_plan" IS NOT NULL
          )
        )
    ) AS "t2"
    GROUP BY
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      9,
      10,
      11,
      12,
      13,
      14
  ) AS "t4"
) AS "t6"
