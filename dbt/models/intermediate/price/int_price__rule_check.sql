{#- Every offer of the window against every rule in force: the figures a lead is decided by. -#}
select
  offers.data_date,
  rules.rule_id,
  rules.jurisdiction,
  rules.compares,
  rules.cap_pct,
  offers.shop_id,
  offers.product_id,
  offers.region_id,
  baseline.baseline_date,
  baseline.baseline_source,
  baseline.baseline_price_cny,
  baseline.baseline_cost_cny,
  offers.price_cny,
  offers.cost_cny,
  {{ margin_pct('baseline.baseline_price_cny', 'baseline.baseline_cost_cny',
                'rules.margin_formula') }} as baseline_margin_pct,
  {{ margin_pct('offers.price_cny', 'offers.cost_cny', 'rules.margin_formula') }} as margin_pct
from {{ ref('int_price__offer_day') }} as offers
inner join {{ ref('price_rules') }} as rules
  on rules.is_active
  and rules.baseline_rule = 'last_deal_on_or_before'
  and offers.data_date >= rules.valid_from_date
  and (rules.valid_to_date is null or offers.data_date <= rules.valid_to_date)
left join {{ ref('int_price__baseline') }} as baseline
  on rules.rule_id = baseline.rule_id
  and offers.shop_id = baseline.shop_id
  and offers.product_id = baseline.product_id
