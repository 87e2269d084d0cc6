-- Do customers come back? 商场客流
-- Visitors per open venue, and against the mean of the seven days before.
SELECT
    data_date,
    open_venue_count,
    visitors,
    visitors_per_open_venue,
    round(
        100 * visitors_per_open_venue / avg(visitors_per_open_venue) OVER (
            ORDER BY data_date ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING
        ) - 100, 1
    ) AS change_pct,
    missing_reason
FROM footfall_daily_summary
ORDER BY data_date DESC;
