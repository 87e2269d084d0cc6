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
