{#- Formulas of the domain reference, one macro each, so that the marts and the tests with the
    published figures run the same SQL. Ratios are rounded, so that a last bit never differs. -#}

{% macro share_of(part, whole) -%}
  round(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0), 6)
{%- endmacro %}

{% macro pct_of(part, whole) -%}
  round(100 * cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0), 4)
{%- endmacro %}

{% macro power_index(resumption_rate_pct, recovery_rate_pct, variant) -%}
  {#- index = w1 * RW + w2 * RP; not capped at 100 (domain reference 1) -#}
  round(
    cast({{ variant }}.weight_resumption as double) * {{ resumption_rate_pct }}
    + cast({{ variant }}.weight_recovery as double) * {{ recovery_rate_pct }},
    4
  )
{%- endmacro %}

{% macro is_resumed(energy_kwh, baseline_kwh, variant) -%}
  {{ energy_kwh }} > {{ variant }}.threshold_share * {{ baseline_kwh }}
{%- endmacro %}

{% macro recovered_kwh(energy_kwh, baseline_kwh, variant) -%}
  {#- What an enterprise adds to the numerator of 复产率: its energy, cut at a multiple of its
      baseline where the variant winsorises, and nothing where only the resumed count. -#}
  case
    when {{ variant }}.recovery_scope = 'resumed'
      and not ({{ is_resumed(energy_kwh, baseline_kwh, variant) }}) then 0
    when {{ energy_kwh }} > {{ variant }}.winsor_max_ratio * {{ baseline_kwh }}
      then {{ variant }}.winsor_max_ratio * {{ baseline_kwh }}
    else {{ energy_kwh }}
  end
{%- endmacro %}

{% macro margin_pct(price_cny, cost_cny, margin_formula) -%}
  {#- 进销差价率: on_cost (顺加) (p - c) / c, on_price (p - c) / p (domain reference 2) -#}
  {{ pct_of(
    price_cny ~ ' - ' ~ cost_cny,
    'case when ' ~ margin_formula ~ " = 'on_price' then " ~ price_cny ~ ' else ' ~ cost_cny ~ ' end'
  ) }}
{%- endmacro %}

{% macro leverage(order_cny, subsidy_cny) -%}
  {#- gross, not causal: the floor is threshold / face value (domain reference 6) -#}
  round(cast({{ order_cny }} as double) / nullif(cast({{ subsidy_cny }} as double), 0), 4)
{%- endmacro %}

{% macro stratum_variance(weight, in_domain, devices) -%}
  {#- N^2 (1 - n / N) p (1 - p) / (n - 1) of a stratum of n devices, N = weight x n persons, `in_domain`
      of them in the domain (Cochran 1977, 5.3); none of a single device or where all persons are seen -#}
  case
    when {{ devices }} > 1 and {{ weight }} > 1
      then {{ weight }} * ({{ weight }} - 1)
        * {{ in_domain }} * ({{ devices }} - {{ in_domain }}) / ({{ devices }} - 1)
    else 0
  end
{%- endmacro %}
