{{ staged('bronze', 'station_counts') }}
