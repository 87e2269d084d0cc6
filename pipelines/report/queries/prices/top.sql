/*
kind: table
title: {zh: 涨幅居前的线索, en: Leads with the largest rises}
note:
  zh: 进销差价率按规则所定公式计算；商户名称在核查系统中按线索编号查询，日报不列。
  en: >-
    Margins follow each rule's own formula; shops are looked up by lead number by inspectors and
    are not named here.
columns:
  lead_id: {heading: {zh: 线索编号, en: Lead}, format: short}
  rule_id: {heading: {zh: 规则, en: Rule}, format: text}
  name: {heading: {zh: 区县, en: District}, format: text}
  product_id: {heading: {zh: 商品编码, en: Product}, format: text}
  baseline_price_cny: {heading: {zh: 基准价（元）, en: Baseline (CNY)}, format: two_decimals}
  price_cny: {heading: {zh: 现价（元）, en: Price (CNY)}, format: two_decimals}
  baseline_margin_pct: {heading: {zh: 基准差价率（%）, en: Baseline margin (%)}, format: one_decimal}
  margin_pct: {heading: {zh: 现差价率（%）, en: Margin (%)}, format: one_decimal}
  grade: {heading: {zh: 等级, en: Grade}, format: text}
*/
SELECT
    p.lead_id,
    p.rule_id,
    coalesce(r.name_zh, p.region_id) AS name_zh,
    coalesce(r.name_en, p.region_id) AS name_en,
    p.product_id,
    p.baseline_price_cny,
    p.price_cny,
    p.baseline_margin_pct,
    p.margin_pct,
    p.grade
FROM lake.marts.price_leads AS p
LEFT JOIN lake.bronze.regions AS r ON r.region_id = p.region_id
WHERE p.data_date = $data_date
ORDER BY
    p.grade,
    coalesce(p.price_cny / p.baseline_price_cny, p.price_cny / p.cost_cny) DESC NULLS LAST,
    p.lead_id
LIMIT 10
