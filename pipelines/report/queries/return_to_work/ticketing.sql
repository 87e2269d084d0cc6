/*
kind: figure
title: {zh: 公共交通进站量, en: Boardings of public transport}
note:
  zh: 与上年农历同日（七日合计）或节前同星期相比；只比两边都有数据的车站。
  en: Against the same lunar days of last year or the same weekday before the festival.
*/
SELECT
    data_date,
    value_date,
    missing_reason,
    boardings,
    recovery_7d_pct,
    unknown_station_count,
    silent_station_count
FROM lake.marts.ticketing_daily
WHERE data_date = $data_date AND mode = 'all'
