/*
kind: figure
title: {zh: 所用发布, en: The release}
*/
SELECT
    release,
    kind,
    restores_release,
    window_start,
    window_end,
    code_version,
    left(content_hash, 12) AS content_hash_start,
    gate_status,
    published_at
FROM lake.ops.releases
WHERE release = $release
