/*
kind: table
title: {zh: 各批次消费券, en: Voucher campaigns}
columns:
  campaign_id: {heading: {zh: 批次, en: Campaign}, format: text}
  name: {heading: {zh: 区域, en: Region}, format: text}
  issued_count: {heading: {zh: 发放（张）, en: Issued}, format: integer}
  redeemed_count: {heading: {zh: 核销（张）, en: Redeemed}, format: integer}
  redeemed_7d_share: {heading: {zh: 七日核销率（%）, en: Seven-day redemption (%)}, format: share}
  subsidy_cny: {heading: {zh: 补贴（元）, en: Subsidy (CNY)}, format: integer}
  order_cny: {heading: {zh: 订单额（元）, en: Orders (CNY)}, format: integer}
  leverage: {heading: {zh: 杠杆率（倍）, en: Leverage (×)}, format: two_decimals}
  mechanical_leverage: {heading: {zh: 机械杠杆率（倍）, en: Mechanical (×)}, format: two_decimals}
*/
SELECT
    v.campaign_id,
    coalesce(r.name_zh, v.region_id) AS name_zh,
    coalesce(r.name_en, v.region_id) AS name_en,
    v.missing_reason,
    v.issued_count,
    v.redeemed_count,
    v.redeemed_7d_share,
    v.subsidy_cny,
    v.order_cny,
    v.leverage,
    v.mechanical_leverage
FROM lake.marts.voucher_campaign_daily AS v
LEFT JOIN lake.bronze.regions AS r ON r.region_id = v.region_id
WHERE v.data_date = $data_date
ORDER BY v.campaign_id
