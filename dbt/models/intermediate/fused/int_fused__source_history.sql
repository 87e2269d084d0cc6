{#- The values of the window and of the days before it over which the spread is pooled. -#}
select * from {{ history('int_fused__source_day', var('fused_spread_days')) }} as history
