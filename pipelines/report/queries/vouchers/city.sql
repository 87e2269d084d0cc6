/*
kind: figure
title: {zh: 消费券合计（自发放起累计）, en: Vouchers in total (since issue)}
note:
  zh: 只合计核销数可公布的批次。杠杆率为核销订单额与补贴额之比，机械杠杆率由满减门槛决定，均不代表拉动效果。
  en: >-
    Only campaigns whose redemptions can be published. Leverage is orders over subsidy; the
    mechanical one follows from the threshold alone; neither is an effect.
*/
SELECT
    count(*) FILTER (WHERE redeemed_count IS NOT NULL) AS campaign_count,
    count(*) FILTER (WHERE redeemed_count IS NULL) AS hidden_campaign_count,
    sum(issued_count) FILTER (WHERE redeemed_count IS NOT NULL) AS issued_count,
    sum(redeemed_count) AS redeemed_count,
    100.0 * sum(redeemed_count)
    / nullif(sum(issued_count) FILTER (WHERE redeemed_count IS NOT NULL), 0) AS redeemed_pct,
    sum(subsidy_cny) AS subsidy_cny,
    sum(order_cny) AS order_cny,
    sum(order_cny) / nullif(sum(subsidy_cny), 0) AS leverage,
    sum(mechanical_leverage * subsidy_cny) / nullif(sum(subsidy_cny), 0) AS mechanical_leverage,
    CASE
        WHEN bool_and(missing_reason = 'suppressed') THEN 'suppressed'
        WHEN bool_and(missing_reason = 'not_collected') THEN 'not_collected'
    END AS missing_reason
FROM lake.marts.voucher_campaign_daily
WHERE data_date = $data_date
HAVING count(*) > 0
