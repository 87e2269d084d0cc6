{{ staged('bronze', 'cells') }}
