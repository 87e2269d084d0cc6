{#- What the models of the power index share: the rules of the index and what of a cell is shown. -#}

{% macro primary_variant() -%}
  (select variant from {{ ref('power_variants') }} where is_primary)
{%- endmacro %}

{% macro is_off_day(date_column, is_workday) -%}
  {#- Not a workday by the calendar; Saturdays and Sundays where the calendar ends. -#}
  coalesce(not {{ is_workday }}, {{ weekday_of(date_column) }} >= 5)
{%- endmacro %}

{% macro quantile_over(column, share, frame) -%}
  {{ return(adapter.dispatch('quantile_over')(column, share, frame)) }}
{%- endmacro %}

{% macro default__quantile_over(column, share, frame) -%}
  quantile_disc({{ column }}, {{ share }}) over {{ frame }}
{%- endmacro %}

{% macro spark__quantile_over(column, share, frame) -%}
  percentile_approx({{ column }}, {{ share }}, 1000000) over {{ frame }}
{%- endmacro %}

{% macro is_publishable_cell() -%}
  {#- The one place that decides whether the values of an enterprise cell are shown. -#}
  enterprise_count >= {{ param('min_enterprises_per_cell') }}
{%- endmacro %}

{% macro published_enterprises(count, limit) -%}
  {#- In multiples of `published_enterprise_base`, but never more than the enterprises there are. -#}
  cast(least({{ rounded_to(count, param('published_enterprise_base')) }}, {{ limit }}) as bigint)
{%- endmacro %}

{% macro of_all_users(column) -%}
  {#- A cell's value with its largest user, on the rows without it too. -#}
  max(case when users = 'all' then {{ column }} end) over (
    partition by data_date, variant, region_id, industry_code, scale
  )
{%- endmacro %}

{% macro published_resumed_count() -%}
  {{ published_enterprises(of_all_users('resumed_count'), of_all_users('enterprise_count')) }}
{%- endmacro %}

{% macro published_index(columns) -%}
  {#- Columns of int_power__index_day under the alias `cells`, for a mart whose `good` says which day
      each date stands on. A value carried longer than stale_max_days is no longer shown. -#}
  {%- set is_fresh -%}
    {{ days_between('cells.value_date', 'good.data_date') }} <= {{ var('stale_max_days') }}
  {%- endset -%}
  {%- for column in columns %}
  case when {{ is_fresh }} then cells.{{ column }} end as {{ column }},
  {%- endfor %}
  case
    when cells.enterprise_count = 0 or not {{ is_fresh }} then 'not_collected'
    when not cells.is_published then 'suppressed'
    when cells.value_date < good.data_date then 'stale'
  end as missing_reason
{%- endmacro %}

{% macro shown_value_date() -%}
  case
    when {{ days_between('cells.value_date', 'good.data_date') }} <= {{ var('stale_max_days') }}
      then cells.value_date
    else good.value_date
  end
{%- endmacro %}

{% macro resumed_level() -%}
  {#- The level of seeds/power_states at which an enterprise is back at work. -#}
  (select max(level) from {{ ref('power_states') }} where state = 'resumed')
{%- endmacro %}

{% macro season_start(new_year_date) -%}
  {{ add_days(new_year_date, 'cast(' ~ param('pre_festival_from_day') ~ ' as integer)') }}
{%- endmacro %}

{% macro applies_to(order, enterprise) -%}
  {#- Whether an order of seeds/closure_orders is about an enterprise on its day. -#}
  {{ order }}.region_id in ({{ enterprise }}.region_id, '{{ var("city_region_id") }}')
  and (
    {{ order }}.industry_code = 'all'
    or {{ enterprise }}.industry_code like {{ dbt.concat([order ~ '.industry_code', "'%'"]) }}
  )
  and {{ enterprise }}.data_date >= {{ order }}.valid_from_date
  and ({{ order }}.valid_to_date is null or {{ enterprise }}.data_date <= {{ order }}.valid_to_date)
{%- endmacro %}

{% macro state_counts() -%}
  {{ return([
    'enterprise_count', 'unknown_count', 'closed_count', 'keeping_alive_count', 'resumed_count',
    'at_capacity_count', 'newly_resumed_count', 'relapsed_count', 'ordered_count',
    'ordered_open_count', 'allowed_count', 'allowed_closed_count'
  ]) }}
{%- endmacro %}

{% macro evidence_days(order, enterprise) -%}
  {#- Readings in a row above the resumption threshold since the order came into force. -#}
  least(
    {{ enterprise }}.above_days,
    {{ days_between(order ~ '.valid_from_date', enterprise ~ '.reading_date') }} + 1
  )
{%- endmacro %}
