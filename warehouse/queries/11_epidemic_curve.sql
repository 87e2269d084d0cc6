-- How does the epidemic develop? 疫情走势
-- The city's new and active cases, newest day first; a revision is a correction of counts.
SELECT
    data_date,
    new_confirmed,
    new_confirmed_7d_mean,
    active,
    confirmed,
    cured,
    dead,
    is_revision,
    missing_reason
FROM epidemic_daily
WHERE region_id = '990100'
ORDER BY data_date DESC;
