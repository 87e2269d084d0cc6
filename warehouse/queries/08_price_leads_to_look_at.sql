-- Which shops should an inspector look at first? 价格线索
-- Leads (线索), not verdicts: those with cost and baseline (A) before caps (B) before statistics
-- (C), and within a grade the steepest first.
SELECT
    grade,
    shop_id,
    product_id,
    jurisdiction,
    reason,
    baseline_date,
    baseline_price_cny,
    price_cny,
    round(margin_pct, 1) AS margin_pct,
    cap_pct,
    round(price_cny / baseline_price_cny, 2) AS times_baseline
FROM price_leads
WHERE data_date = (SELECT max(data_date) FROM price_leads)
ORDER BY grade, times_baseline DESC NULLS LAST, margin_pct DESC NULLS LAST, shop_id, product_id;
