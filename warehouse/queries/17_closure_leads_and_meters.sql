-- Which enterprises under an order look open, and is their meter in doubt? 应停未停线索与表计
-- Leads of the newest day, most evidence first, with what the meter checks found. Leads, not findings.
SELECT
    w.data_date,
    w.order_id,
    w.enterprise_id,
    w.region_id,
    w.industry_code,
    w.state,
    w.evidence_from_date,
    w.evidence_days,
    m.check_code
FROM closure_watch AS w
LEFT JOIN power_meter_checks AS m
    ON w.data_date = m.data_date AND w.enterprise_id = m.enterprise_id
WHERE w.data_date = (SELECT max(data_date) FROM closure_watch)
ORDER BY w.evidence_days DESC, w.enterprise_id;
