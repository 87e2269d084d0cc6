-- Do the vouchers bring spending? 消费券核销与杠杆
-- Redemption and leverage to date. Leverage is not causal: the mechanical one is what the
-- threshold alone would give, so read the two together.
SELECT
    campaign_id,
    issued_count,
    redeemed_count,
    round(100 * redeemed_7d_share, 1) AS redeemed_7d_pct,
    subsidy_cny,
    order_cny,
    round(leverage, 2) AS leverage,
    round(mechanical_leverage, 2) AS mechanical_leverage,
    missing_reason
FROM voucher_campaign_daily
WHERE data_date = (SELECT max(data_date) FROM voucher_campaign_daily)
ORDER BY order_cny DESC NULLS LAST, campaign_id;
