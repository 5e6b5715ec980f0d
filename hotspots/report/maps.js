var asb = (function () {
  var map = null, hotspots = {};
  var CLOSE = 15, MOST_LABELS = 90;

  function symbol(svg, size, name) {
    return L.divIcon({className: name || '', html: svg, iconSize: [size, size], iconAnchor: [size / 2, size / 2]});
  }

  function withPopup(feature, layer) {
    var bar = document.querySelector('.asb-bar'), above = (bar ? bar.offsetHeight : 0) + 16;  // clear of the title bar
    layer.bindPopup(feature.properties.popup, {maxWidth: 340, className: 'asb-pop', autoPanPaddingTopLeft: [10, above]});
  }

  function cellStyle(feature) {
    return {color: '#0B0C0C', weight: 0.4, opacity: 0.5, fillColor: feature.properties.colour, fillOpacity: 0.78};
  }

  function hotspotStyle(feature) {
    var chosen = feature.properties.selected;
    return {color: chosen ? '#F46A25' : '#0B0C0C', weight: chosen ? 6 : 3.5, fill: true, fillOpacity: 0,
      className: 'asb-hotspot'};
  }

  function eachHotspot(feature, layer) {
    var p = feature.properties;
    layer.getCenter = function () {  // label and popup sit on the upper edge, clear of the cells and signs inside
      var box = layer.getBounds();
      return L.latLng(box.getNorth(), box.getCenter().lng);
    };
    withPopup(feature, layer);
    layer.bindTooltip(p.label, {permanent: true, direction: 'center', className: 'asb-rank' + (p.selected ? ' asb-chosen' : '')});
    layer.on('tooltipopen', function (opened) {  // the number is the easiest thing to hit: it answers for its hotspot
      var label = opened.tooltip.getElement();
      L.DomUtil.addClass(label, 'leaflet-interactive');
      L.DomEvent.off(label, 'click').on(label, 'click', function (event) {
        L.DomEvent.stop(event);
        layer.fire('click', {latlng: layer.getCenter()}, true);
      });
    });
    layer.on('mouseover', function () { layer.setStyle({weight: 6}); });
    layer.on('mouseout', function () { layer.setStyle({weight: p.selected ? 6 : 3.5}); });
    hotspots[p.hotspot_id] = layer;
  }

  function placeMarker(feature, latlng) {
    return L.marker(latlng, {icon: symbol(feature.properties.svg, 24, feature.properties.sign), alt: feature.properties.alt, pane: 'markerPane'});
  }

  function cameraMarker(feature, latlng) {
    var marker = placeMarker(feature, latlng);
    marker.feature = feature;
    var range = L.circle(latlng, {radius: feature.properties.range_m, color: feature.properties.colour, weight: 2,
      dashArray: '5 5', fill: false, interactive: false, pane: 'asb-hotspots'});
    return L.featureGroup([range, marker]);
  }

  function dot(feature, latlng) {
    return L.circleMarker(latlng, {radius: 1.6, stroke: false, fillColor: '#8F8B84', fillOpacity: 0.8, interactive: false,
      pane: 'asb-base'});
  }

  function overlaps(box, boxes) {
    return boxes.some(function (b) { return box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]; });
  }

  function write(labels, sign, group) {
    var close = map.getZoom() >= CLOSE, bounds = map.getBounds(), boxes = [], written = {};
    L.DomUtil[close ? 'addClass' : 'removeClass'](map.getContainer(), 'asb-near');
    group.clearLayers();
    if (!close) { return; }
    for (var i = 0; i < labels.length && boxes.length < MOST_LABELS; i++) {
      var at = L.latLng(labels[i][0], labels[i][1]), text = labels[i][2], own = labels[i][3] || sign;
      if (written['_' + text] || !bounds.contains(at)) { continue; }
      var p = map.latLngToContainerPoint(at), half = text.length * 3.2 + 6, top = p.y + (labels[i][3] ? 7 : -9);
      var box = [p.x - half, top, p.x + half, top + 18];
      if (overlaps(box, boxes)) { continue; }
      boxes.push(box);
      written['_' + text] = true;
      var span = document.createElement('span');
      span.textContent = text;
      L.marker(at, {interactive: false, keyboard: false, pane: 'asb-names',
        icon: L.divIcon({className: own, html: span, iconSize: [0, 0]})}).addTo(group);
    }
  }

  function fold(sign) {  // on a telephone list and legend wait below the map until they are asked for
    if (!window.matchMedia('(max-width: 640px)').matches) { return; }
    document.querySelectorAll(sign).forEach(function (part) { part.removeAttribute('open'); });
  }

  function setUp(ownMap, labels, atPoints) {
    var sign = atPoints ? 'asb-street asb-below' : 'asb-street';
    map = ownMap;
    fold('.asb-panel, .asb-legend');
    L.DomUtil.addClass(map.getContainer(), 'asb-map');
    if (map.attributionControl) { map.attributionControl.setPrefix(false); }
    L.control.scale({imperial: false, position: 'bottomright'}).addTo(map);
    var group = L.layerGroup().addTo(map);
    map.on('moveend zoomend', function () { write(labels, sign, group); });
    map.on('overlayadd overlayremove', function (event) {  // names of places go with their signs
      if (event.name === 'Named places') {
        L.DomUtil[event.type === 'overlayadd' ? 'removeClass' : 'addClass'](map.getContainer(), 'asb-no-places');
      }
    });
    map.whenReady(function () { write(labels, sign, group); });
  }

  function show(id) {
    fold('.asb-panel');
    map.fitBounds(hotspots[id].getBounds(), {maxZoom: 16, animate: false});
    hotspots[id].openPopup();
  }

  return {setUp: setUp, show: show, withPopup: withPopup, cellStyle: cellStyle, hotspotStyle: hotspotStyle,
    eachHotspot: eachHotspot, placeMarker: placeMarker, cameraMarker: cameraMarker, dot: dot};
})();
