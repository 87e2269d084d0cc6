{{ staged('bronze', 'spend_weekly') }}
